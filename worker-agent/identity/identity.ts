import { readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { TssError } from "../../proto/errors.ts";
import { writeDurably } from "../journal/write-file.ts";

/** A secret of the agent's key, and the key of its certificate; both are drawn here and never leave. */
export interface Secrets {
  /** API key in full. */
  readonly key: string;
  /** PKCS #8, PEM. */
  readonly tlsKey: string;
}

/** Who an agent is since it joined. Times are milliseconds since 1970 by this machine's clock. */
export interface Identity extends Secrets {
  /** host:port, or several of one system. */
  readonly coordinator: string;
  /** PEM of the authorities to trust; absent: it joined in plaintext. */
  readonly ca?: string;
  /** PEM; absent: the coordinator gives none. */
  readonly certificate?: string;
  readonly renewAt: number;
  readonly endsAt: number;
  /** On their way to take the place of the others. */
  readonly next?: Secrets;
}

/** A request to join whose answer has not come. */
export interface Joining extends Secrets, Pick<Identity, "coordinator" | "ca"> {
  /** Public part of the token. */
  readonly tokenId: string;
}

const IDENTITY = "identity.json";
const JOINING = "joining.json";

/** @throws TssError FAILED_PRECONDITION when the file is there and cannot be used. */
export function readIdentity(directory: string): Identity | undefined {
  return readPrivate<Identity>(join(directory, IDENTITY));
}

/** On the disk when it returns, whole. */
export async function saveIdentity(directory: string, identity: Identity): Promise<void> {
  await writeDurably(join(directory, IDENTITY), Buffer.from(`${JSON.stringify(identity, null, 2)}\n`));
}

/** @throws TssError FAILED_PRECONDITION when the file is there and cannot be used. */
export function readJoining(directory: string): Joining | undefined {
  return readPrivate<Joining>(join(directory, JOINING));
}

export async function saveJoining(directory: string, joining: Joining): Promise<void> {
  await writeDurably(join(directory, JOINING), Buffer.from(`${JSON.stringify(joining)}\n`));
}

export function forgetJoining(directory: string): void {
  rmSync(join(directory, JOINING), { force: true });
}

function readPrivate<T extends Secrets>(path: string): T | undefined {
  let text: string;
  try {
    if (process.platform !== "win32" && (statSync(path).mode & 0o077) !== 0)
      throw unusable(`Others may read the agent's key in ${path}; close it: chmod 600 ${path}`);
    text = readFileSync(path, "utf8");
  } catch (error) {
    if (error instanceof TssError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw unusable(`The agent's key in ${path} cannot be read (${code}).`, error);
  }
  try {
    const value = JSON.parse(text) as T;
    if (typeof value.key === "string" && typeof value.tlsKey === "string") return value;
  } catch {
    // Said below.
  }
  throw unusable(`${path} holds no identity of an agent: remove it and enrol this agent again (\`tss-agent join\`).`);
}

function unusable(sentence: string, cause?: unknown): TssError {
  return new TssError("FAILED_PRECONDITION", sentence, { reason: "AGENT_IDENTITY", cause });
}
