import { readFileSync } from "node:fs";

/** What a file of the kernel holds; "" where it is not there or may not be read. */
export function readOptional(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
