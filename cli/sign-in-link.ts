import type { Settings } from "../runtime/settings-table.ts";
import { isLoopback } from "../sdk/typescript/connection/local-connection.ts";
import { connectionOptions } from "./connect.ts";
import { gatewayUrl } from "./gateway-url.ts";

/** A gateway that does not answer at once is opened without being signed in, ms. */
const PATIENCE_MS = 2_000;

/**
 * Address that opens the dashboard signed in with the key of this command line, once and within a minute.
 * @param place what to show, as it stands after `#/`.
 * @returns undefined where there is no key, no gateway, or where others could overhear the link.
 */
export async function signInLink(settings: Settings, place: string): Promise<string | undefined> {
  const url = gatewayUrl(settings);
  const { protocol, host } = new URL(url);
  if (protocol !== "https:" && !isLoopback(host)) return undefined;
  try {
    const { apiKey } = connectionOptions(settings);
    if (apiKey === undefined) return undefined;
    const answer = await fetch(`${url}/session/link`, {
      method: "POST",
      headers: { authorization: `Bearer ${apiKey}` },
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    if (!answer.ok) return undefined;
    const { code } = (await answer.json()) as { code: string };
    return `${url}/#/sign-in/${code}/${place}`;
  } catch {
    // The page itself says what is wrong, and takes a key.
    return undefined;
  }
}
