import { randomBytes } from "node:crypto";
import { existsSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { makeDirectory } from "../runtime/make-directory.ts";
import type { Settings } from "../runtime/settings-table.ts";

/** The settings with a master key for secrets: what is set, or one that is made once and kept beside the first API key. */
export function withMasterKey(settings: Settings): Settings {
  if (settings.TSS_MASTER_KEY.length > 0) return settings;
  const folder = dirname(settings.TSS_CREDENTIALS ?? "./.tss/credentials");
  const place = join(folder, "master.key");
  if (!existsSync(place)) {
    makeDirectory(folder, 0o700);
    writeFileSync(place, `${randomBytes(32).toString("base64")}\n`, { mode: 0o600, flag: "wx" });
  }
  return { ...settings, TSS_MASTER_KEY: [`file:${place}`] };
}
