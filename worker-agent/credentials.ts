import { existsSync, readFileSync, statSync } from "node:fs";
import { TssError } from "../proto/errors.ts";

/**
 * The key that `tss dev` keeps for the programs of its folder; undefined when there is none.
 * @throws TssError FAILED_PRECONDITION when others may read the file.
 */
export function readCredentials(file: string): string | undefined {
  if (!existsSync(file)) return undefined;
  if (process.platform !== "win32" && (statSync(file).mode & 0o077) !== 0)
    throw new TssError("FAILED_PRECONDITION", `Others may read the key in ${file}; close it: chmod 600 ${file}`, {
      reason: "CREDENTIALS_OPEN",
    });
  return readFileSync(file, "utf8").trim() || undefined;
}
