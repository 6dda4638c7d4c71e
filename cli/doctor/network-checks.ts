import { lookup } from "node:dns/promises";
import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import { get as getByTls } from "node:https";
import { connect } from "node:net";
import type { Settings } from "../../runtime/settings-table.ts";
import { clientTls } from "../../sdk/typescript/connection/client-tls.ts";
import { gatewayUrl } from "../gateway-url.ts";
import { type Finding, fail, ok, warn } from "./finding.ts";

const TIMEOUT_MS = 3_000;

/** Name and port of every address the coordinator may have. */
export async function checkAddresses(settings: Settings): Promise<Finding[]> {
  return Promise.all(settings.TSS_COORDINATOR.split(",").map((address) => checkAddress(address.trim())));
}

async function checkAddress(address: string): Promise<Finding> {
  const check = "address";
  const at = address.lastIndexOf(":");
  const host = address.slice(0, at).replace(/^\[|\]$/g, "") || "127.0.0.1";
  const port = Number(address.slice(at + 1));
  try {
    await lookup(host);
  } catch (error) {
    return fail(
      check,
      `The name ${host} cannot be looked up (${codeOf(error)}).`,
      "Correct TSS_COORDINATOR, or the DNS of this machine.",
    );
  }
  const socket = connect({ host, port });
  try {
    await once(socket, "connect", { signal: AbortSignal.timeout(TIMEOUT_MS) });
    return ok(check, `${address} takes connections.`);
  } catch (error) {
    const why = codeOf(error) === "ECONNREFUSED" ? "nothing listens there" : codeOf(error);
    return fail(
      check,
      `${address} takes no connection (${why}).`,
      'Start a coordinator ("tss dev" or tss-coordinator), or correct TSS_COORDINATOR.',
    );
  } finally {
    socket.destroy();
  }
}

/** The gateway is not needed by the command line, so its absence is a warning. */
export async function checkGateway(settings: Settings): Promise<Finding> {
  const check = "gateway";
  const url = gatewayUrl(settings);
  try {
    const tls = clientTls({ ca: settings.TSS_TLS_CA });
    const status = await ask(`${url}/readyz`, typeof tls === "function" ? tls().ca : tls?.ca);
    if (status === 200) return ok(check, `${url} is ready.`);
    return warn(check, `${url} says it is not ready (status ${status}).`, "Look at the log of tss-gateway.");
  } catch (error) {
    const why = codeOf((error as Error).cause ?? error);
    return warn(
      check,
      `${url} does not answer (${why}).`,
      "Start tss-gateway if you want REST and the dashboard, or correct TSS_GATEWAY_URL.",
    );
  }
}

/** The status of the answer. @param ca PEM of the authorities to trust; absent: the system's. */
async function ask(url: string, ca: string | undefined): Promise<number | undefined> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const request = url.startsWith("https:")
    ? getByTls(url, { signal, ...(ca === undefined ? {} : { ca }) })
    : get(url, { signal });
  const [answer] = (await once(request, "response")) as [IncomingMessage];
  answer.resume();
  return answer.statusCode;
}

function codeOf(error: unknown): string {
  const { code, name, message } = error as NodeJS.ErrnoException;
  if (name === "TimeoutError" || name === "AbortError") return `no answer within ${TIMEOUT_MS / 1_000} s`;
  return code ?? message;
}
