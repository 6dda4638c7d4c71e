import { Link, type LinkProps } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { MethodName } from "../api/call.ts";
import { may } from "../session/session.ts";
import { Glyph, type GlyphName } from "./glyph.tsx";

/** A link that looks like a button. @param method what it leads to; who may not call it does not see the link. */
export function ButtonLink(props: {
  readonly to: LinkProps["to"];
  readonly glyph: GlyphName;
  readonly method?: MethodName;
  readonly children: ReactNode;
}) {
  if (props.method !== undefined && !may(props.method)) return null;
  return (
    <Link to={props.to} className="button primary">
      <Glyph name={props.glyph} />
      {props.children}
    </Link>
  );
}
