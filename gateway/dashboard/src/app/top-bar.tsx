import { Link } from "@tanstack/react-router";
import { session, signOut } from "../session/session.ts";
import { type Zone, zone, zoneName } from "../time/format.ts";
import { IconButton } from "../ui/button.tsx";
import { Glyph, type GlyphName } from "../ui/glyph.tsx";
import { Mark } from "../ui/mark.tsx";
import { Menu } from "../ui/menu.tsx";
import { useStore } from "../ui/store.ts";
import { GoTo } from "./go-to.tsx";
import { LiveDot } from "./live-dot.tsx";
import { type Theme, theme } from "./theme.ts";

const THEMES: Readonly<Record<Theme, GlyphName>> = { system: "screen", light: "sun", dark: "moon" };

export function TopBar({ onHelp }: { readonly onHelp: () => void }) {
  const now = useStore(session);
  const where = useStore(zone);
  const looks = useStore(theme);
  const who = now.kind === "in" ? now.who : undefined;
  return (
    <header className="top-bar">
      <Link to="/" className="brand" aria-label="TSS, first page">
        <Mark />
        TSS
      </Link>
      <GoTo />
      <LiveDot />
      <Menu
        label={`${where === "utc" ? "UTC" : "Local time"}: times are shown in ${zoneName(where)}`}
        className="quiet zone"
        items={(["local", "utc"] as const).map((each: Zone) => ({
          label: zoneName(each),
          checked: each === where,
          run: () => zone.set(each),
        }))}
      >
        {where === "utc" ? "UTC" : "Local time"}
        <Glyph name="down" />
      </Menu>
      <Menu
        label={`Colours: ${looks}`}
        className="quiet icon-only"
        items={(Object.keys(THEMES) as Theme[]).map((each) => ({
          label: each === "system" ? "As the system" : each === "light" ? "Light" : "Dark",
          checked: each === looks,
          run: () => theme.set(each),
        }))}
      >
        <Glyph name={THEMES[looks]} />
      </Menu>
      <IconButton glyph="keyboard" label="Keys" className="wide-only" onClick={onHelp} />
      {who !== undefined && (
        <Menu
          label={`Signed in as ${who.role}, key ${who.keyId}`}
          className="quiet who"
          items={[{ label: "Sign out", glyph: "external", run: () => void signOut() }]}
        >
          {who.role}
          <Glyph name="down" />
        </Menu>
      )}
    </header>
  );
}
