import { existsSync, readFileSync } from "node:fs";
import { TssError } from "../proto/errors.ts";
import type { Settings } from "../runtime/settings-table.ts";
import type { ConnectionOptions } from "../sdk/typescript/connection-types.ts";
import { isLoopback } from "./policy.ts";

/**
 * Where the coordinator is and with which key, as the settings say. The key that `tss dev` left in a folder is shown to
 * coordinators of this host only.
 * @throws TssError FAILED_PRECONDITION naming a file that cannot be read.
 */
export function coordinatorAddress(settings: Settings, version: string): ConnectionOptions {
  const apiKey = settings.TSS_API_KEY ?? readCredentials(settings);
  const ca = settings.TSS_TLS_CA;
  return {
    address: settings.TSS_COORDINATOR,
    userAgent: `tss-agent/${version}`,
    ...(apiKey === undefined ? {} : { apiKey }),
    ...(ca === undefined ? {} : { tls: { ca: ca.includes("-----BEGIN ") ? ca : read("TSS_TLS_CA", ca) } }),
  };
}

function readCredentials(settings: Settings): string | undefined {
  const file = settings.TSS_CREDENTIALS;
  if (file === undefined || !isLoopback(settings.TSS_COORDINATOR) || !existsSync(file)) return undefined;
  return read("TSS_CREDENTIALS", file).trim() || undefined;
}

function read(name: string, file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    throw new TssError("FAILED_PRECONDITION", `${name} names ${file}, which cannot be read (${code}).`);
  }
}
