import { Outlet } from "@tanstack/react-router";
import { lazy, Suspense, useState } from "react";
import { BulkHost } from "../bulk/bulk-host.tsx";
import { NavList } from "./nav-list.tsx";
import { TopBar } from "./top-bar.tsx";
import { useShortcuts } from "./use-shortcuts.ts";

const HelpDialog = lazy(async () => ({ default: (await import("./help-dialog.tsx")).HelpDialog }));

/** Around every page: where one can go, how live it is, and the page. */
export function Shell() {
  const [help, setHelp] = useState(false);
  useShortcuts(() => setHelp(true));
  return (
    <div className="shell">
      <a className="skip" href="#main" onClick={skip}>
        Skip to the page
      </a>
      <TopBar onHelp={() => setHelp(true)} />
      <NavList />
      <main id="main" tabIndex={-1}>
        <Outlet />
      </main>
      <BulkHost />
      {help && (
        <Suspense>
          <HelpDialog onClose={() => setHelp(false)} />
        </Suspense>
      )}
    </div>
  );
}

/** The address behind # is the page's own: the link moves the focus only. */
function skip(event: { preventDefault(): void }): void {
  event.preventDefault();
  document.getElementById("main")?.focus();
}
