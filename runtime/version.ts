import { readFileSync } from "node:fs";
import { BUILD } from "./build.ts";

/** Version of this installation, from the package.json above the sources or above `dist`. */
export function readVersion(): string {
  const file = new URL(BUILD === "release" ? "../../package.json" : "../package.json", import.meta.url);
  return (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version;
}
