import { Link } from "@tanstack/react-router";
import { may } from "../session/session.ts";
import { Glyph } from "../ui/glyph.tsx";
import { PLACES } from "./navigation.ts";

export function NavList() {
  return (
    <nav className="nav" aria-label="Pages">
      <ul>
        {PLACES.filter(({ method }) => may(method)).map(({ to, label, glyph }) => (
          <li key={to}>
            <Link
              to={to}
              activeProps={{ className: "current", "aria-current": "page" }}
              activeOptions={{ includeSearch: false, exact: to === "/" }}
            >
              <Glyph name={glyph} />
              <span>{label}</span>
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}
