import { existsSync, readFileSync } from "node:fs";
import type { Settings } from "../runtime/settings-table.ts";
import { readVersion } from "../runtime/version.ts";
import type { Connection, ConnectionOptions } from "../sdk/typescript/connection-types.ts";
import { UsageError } from "./errors.ts";

/** A connection as the settings say. It has not been tried yet: `ready` does. */
export async function connect(settings: Settings): Promise<Connection> {
  const { openConnection } = await import("../sdk/typescript/connection/open-connection.ts");
  return openConnection(connectionOptions(settings));
}

/** Address, key and TLS of the coordinator the settings name. @throws UsageError when a file they name cannot be read. */
export function connectionOptions(settings: Settings): ConnectionOptions {
  const apiKey = settings.TSS_API_KEY ?? readCredentials(settings);
  return {
    address: settings.TSS_COORDINATOR,
    userAgent: `tss/${readVersion()}`,
    ...(apiKey === undefined ? {} : { apiKey }),
    ...(settings.TSS_TLS_CA === undefined ? {} : { tls: { ca: readPem("TSS_TLS_CA", settings.TSS_TLS_CA) } }),
  };
}

/** The key `tss dev` left for the programs of this folder; it is shown to coordinators of this machine only. */
function readCredentials(settings: Settings): string | undefined {
  const file = settings.TSS_CREDENTIALS;
  if (file === undefined || !isLoopback(settings.TSS_COORDINATOR) || !existsSync(file)) return undefined;
  try {
    return readFileSync(file, "utf8").trim() || undefined;
  } catch (error) {
    throw new UsageError(`The key in ${file} cannot be read (${(error as NodeJS.ErrnoException).code}).`);
  }
}

/** Whether every address of a list is one of this machine. */
export function isLoopback(addresses: string): boolean {
  return addresses.split(",").every((address) => /^(localhost|127(\.\d+){3}|\[::1\]):\d+$/.test(address.trim()));
}

/** A setting that is PEM itself or names a file of it. */
function readPem(name: string, value: string): string {
  if (value.includes("-----BEGIN ")) return value;
  try {
    return readFileSync(value, "utf8");
  } catch (error) {
    throw new UsageError(`${name} names ${value}, which cannot be read (${(error as NodeJS.ErrnoException).code}).`);
  }
}
