import { Link, type LinkProps } from "@tanstack/react-router";
import { Glyph } from "./glyph.tsx";

/** The way back to the list. */
export function Crumbs({
  to,
  list,
  name,
}: {
  readonly to: LinkProps["to"];
  readonly list: string;
  readonly name: string;
}) {
  return (
    <nav aria-label="Where this is" className="crumbs">
      <Link to={to}>{list}</Link> <Glyph name="right" />
      <span>{name}</span>
    </nav>
  );
}
