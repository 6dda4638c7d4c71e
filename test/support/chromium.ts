import { join } from "node:path";
import { findFolder } from "./binaries.ts";

/** Path of a Chromium on this machine; undefined: there is none. */
export function findChromium(): string | undefined {
  for (const name of ["chromium", "chromium-browser", "google-chrome"]) {
    const folder = findFolder([name]);
    if (folder !== undefined) return join(folder, name);
  }
  return undefined;
}
