import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { EXIT } from "../../runtime/exit-codes.ts";
import { readSettings } from "../../runtime/settings.ts";
import { addressList } from "../../runtime/settings-parse.ts";
import { clientTlsOf } from "../../runtime/tls/client-tls.ts";
import { readVersion } from "../../runtime/version.ts";
import { clientTls } from "../../sdk/typescript/connection/client-tls.ts";
import { isLoopback } from "../../sdk/typescript/connection/local-connection.ts";
import { workerInfo } from "../worker-info.ts";
import { shown } from "./draw-secrets.ts";
import { joinSystem } from "./join.ts";

const USAGE =
  "write: tss-agent join HOST:PORT --token TOKEN, with - in place of TOKEN to give it on standard input, or set TSS_JOIN_TOKEN";

/** A token has 61 characters. */
const LONGEST_TOKEN = 256;

/** The command `tss-agent join`: sets the exit code of the process. */
export async function joinCommand(argv: readonly string[]): Promise<void> {
  try {
    const settings = readSettings();
    const { address, token: given } = readArguments(argv, settings.TSS_JOIN_TOKEN);
    const token = given === "-" ? await readToken() : given;
    const tls = clientTls(clientTlsOf(settings));
    if (tls === undefined && !isLoopback(address))
      process.stderr.write(
        `tss-agent: ${address} is called in plaintext, and anybody on the way sees the token: set TSS_TLS_CA to the authority of its certificate.\n`,
      );
    const directory = resolve(settings.TSS_WORKER_DIR ?? "./.tss/agent");
    const version = readVersion();
    const identity = await joinSystem({
      ...{ directory, coordinator: address, token, tls },
      name: workerInfo(settings, version).name,
      userAgent: `tss-agent/${version}`,
    });
    const certificate = identity.certificate === undefined ? "" : " and a certificate";
    process.stdout.write(
      `This agent has joined ${address} with the key ${shown(identity).keyId}${certificate}, kept in ${directory}; start it with: tss-agent\n`,
    );
  } catch (error) {
    process.stderr.write(`tss-agent: ${(error as Error).message}\n`);
    process.exitCode = (error as Error).name === "SettingsError" ? EXIT.settings : EXIT.failed;
  }
}

interface Arguments {
  readonly address: string;
  readonly token: string;
}

/** @param set the token that counts when the line has none. */
function readArguments(argv: readonly string[], set: string | undefined): Arguments {
  let parsed: ReturnType<typeof parse>;
  try {
    parsed = parse(argv);
  } catch (error) {
    throw new Error(`${(error as Error).message.split(". ")[0]}; ${USAGE}`);
  }
  const [address, ...more] = parsed.positionals;
  const { token = set } = parsed.values;
  if (address === undefined || more.length > 0 || token === undefined || token === "")
    throw new Error(`A coordinator and a token are needed; ${USAGE}`);
  try {
    return { address: addressList(address), token };
  } catch (error) {
    throw new Error(`"${address}" ${(error as Error).message}`);
  }
}

function parse(argv: readonly string[]) {
  return parseArgs({ args: [...argv], options: { token: { type: "string" } }, allowPositionals: true });
}

/** The first line of standard input, where no list of processes shows it. */
async function readToken(): Promise<string> {
  if (process.stdin.isTTY) process.stderr.write("Token: ");
  let text = "";
  try {
    for await (const chunk of process.stdin.setEncoding("utf8")) {
      text += chunk;
      if (text.includes("\n") || text.length > LONGEST_TOKEN) break;
    }
  } finally {
    // Whoever holds the other end open keeps nobody waiting.
    process.stdin.destroy();
  }
  const [line = ""] = text.split("\n", 1);
  // What is longer is no token, and is not sent; what is shorter the coordinator judges.
  if (line.length > LONGEST_TOKEN)
    throw new Error(`Standard input does not begin with a line that is a token; ${USAGE}`);
  if (text !== "") return line.trim();
  throw new Error(`Standard input is empty, and --token - takes the token from it; ${USAGE}`);
}
