import { existsSync, readFileSync, statSync } from "node:fs";
import { TssError } from "../../../proto/errors.ts";
import type { ConnectionOptions } from "../connection-types.ts";
import { addressesOf } from "./address-list.ts";
import { type ClientTlsSettings, clientTls } from "./client-tls.ts";

/** Where a program finds its coordinator and its key; the names of the settings are in docs/configuration.md. */
export interface ConnectionSettings extends ClientTlsSettings {
  /** `TSS_COORDINATOR`: host:port, or several separated by commas. */
  readonly address: string;
  /** `TSS_API_KEY`. */
  readonly apiKey?: string | undefined;
  /** `TSS_CREDENTIALS`: the file `tss dev` keeps its key in; read without an API key, for coordinators of this machine. */
  readonly credentials?: string | undefined;
}

/**
 * Address, key and TLS as the settings say.
 * @throws TssError FAILED_PRECONDITION when a file they name cannot be used.
 */
export function connectionOptionsOf(settings: ConnectionSettings): ConnectionOptions {
  const { address, credentials } = settings;
  const kept = () => (credentials !== undefined && isLoopback(address) ? readCredentials(credentials) : undefined);
  const apiKey = settings.apiKey ?? kept();
  const tls = clientTls(settings);
  return {
    address,
    ...(apiKey === undefined ? {} : { apiKey }),
    ...(tls === undefined ? {} : { tls }),
  };
}

/** Whether every address of the comma list is this host's own. */
export function isLoopback(addresses: string): boolean {
  return addressesOf(addresses).every((address) => {
    const host = address
      .replace(/:\d+$/, "")
      .replace(/^\[|\]$/g, "")
      .toLowerCase();
    return host === "localhost" || host === "::1" || /^127\.\d+\.\d+\.\d+$/.test(host);
  });
}

/**
 * The key that `tss dev` keeps for the programs of its folder; undefined when there is none.
 * @throws TssError FAILED_PRECONDITION when others may read the file, or it cannot be read.
 */
export function readCredentials(file: string): string | undefined {
  if (!existsSync(file)) return undefined;
  if (process.platform !== "win32" && (statSync(file).mode & 0o077) !== 0)
    throw new TssError("FAILED_PRECONDITION", `Others may read the key in ${file}; close it: chmod 600 ${file}`, {
      reason: "CREDENTIALS_OPEN",
    });
  return readText(`The key in ${file}`, file).trim() || undefined;
}

function readText(subject: string, file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new TssError("FAILED_PRECONDITION", `${subject} cannot be read (${code}).`, { cause: error });
  }
}
