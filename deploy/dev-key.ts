import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { TssError } from "../proto/errors.ts";
import { StatsService } from "../proto/gen/tss/v1/operator_service_pb.js";
import type { Settings } from "../runtime/settings-table.ts";
import { readCredentials } from "../sdk/typescript/connection/local-connection.ts";
import type { Connection } from "../sdk/typescript/connection-types.ts";

/** The key that the parts of `tss dev` share. */
export interface DevKey {
  readonly apiKey: string;
  /** Where people find it: a file, or the setting that gave it. */
  readonly place: string;
  readonly isNew: boolean;
}

/**
 * The key of an earlier start, or the one the environment gives; undefined: one has to be made.
 * @throws TssError FAILED_PRECONDITION when others may read the file.
 */
export function findKey(settings: Settings): DevKey | undefined {
  if (settings.TSS_API_KEY !== undefined) return { apiKey: settings.TSS_API_KEY, place: "TSS_API_KEY", isNew: false };
  const place = fileOf(settings);
  const apiKey = readCredentials(place);
  return apiKey === undefined ? undefined : { apiKey, place, isNew: false };
}

/** Keeps a key that was just made for CLI and SDK; later starts find it there. */
export function keepKey(settings: Settings, apiKey: string): DevKey {
  const place = fileOf(settings);
  mkdirSync(dirname(place), { recursive: true, mode: 0o700 });
  // A file that is there already would keep its mode, and others might read the key.
  rmSync(place, { force: true });
  writeFileSync(place, `${apiKey}\n`, { mode: 0o600, flag: "wx" });
  return { apiKey, place, isNew: true };
}

/** Shows the key to the coordinator. @throws TssError FAILED_PRECONDITION when it is not one of this database. */
export async function proveKey(connection: Connection, { place, isNew }: DevKey): Promise<void> {
  if (isNew) return;
  try {
    await connection.service(StatsService).getServerInfo({});
  } catch (error) {
    const { code, message } = error as TssError;
    if (code !== "UNAUTHENTICATED" || place === "TSS_API_KEY") throw error;
    throw new TssError(
      "FAILED_PRECONDITION",
      `The key in ${place} cannot be used: remove that file and start again, and tss dev makes a new key. ${message}`,
      { reason: "CREDENTIALS_REFUSED", cause: error },
    );
  }
}

const fileOf = (settings: Settings): string => settings.TSS_CREDENTIALS ?? "./.tss/credentials";
