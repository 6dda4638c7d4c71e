import { accessSync, constants } from "node:fs";
import { delimiter, join, resolve } from "node:path";
import { silentLogger } from "../runtime/logger.ts";
import { makeDirectory } from "../runtime/make-directory.ts";
import type { Settings } from "../runtime/settings-table.ts";
import { lookAtOwn, lookAtServer } from "../runtime/tls/look.ts";
import { addressesOf } from "../sdk/typescript/connection/address-list.ts";
import { type AgentIdentity, connectAgent, findIdentity } from "./connect.ts";
import { hasRoom } from "./journal/room.ts";
import { readPolicy } from "./policy.ts";
import { workerInfo } from "./worker-info.ts";

/** What one look has found. */
export interface CheckLine {
  /** "warn": it could work, and somebody should look. */
  readonly state: "ok" | "warn" | "fail";
  /** One sentence: what is, and where something is wrong what to do. */
  readonly text: string;
}

const SHELL = "/bin/sh";
/** What the agent itself starts beside the commands of tasks. */
const PROGRAMS = ["mkfifo"];
const PATIENCE_MS = 5_000;

/**
 * Whether an agent with these settings could work: its directory, the programs it needs, what it would run, and its
 * coordinator, which it greets as an agent does without offering a slot.
 */
export async function* checkAgent(given: Settings, version: string): AsyncGenerator<CheckLine> {
  yield checkDirectory(resolve(given.TSS_WORKER_DIR ?? "./.tss/agent"));
  yield checkPrograms();
  try {
    const identity = findIdentity(given);
    yield checkPolicy(identity.settings);
    yield* await checkCertificates(identity);
    yield await checkCoordinator(identity, version);
  } catch (error) {
    yield { state: "fail", text: (error as Error).message };
  }
}

function checkDirectory(directory: string): CheckLine {
  try {
    makeDirectory(directory, 0o700);
    accessSync(directory, constants.W_OK | constants.X_OK);
  } catch (error) {
    const { message } = error as Error;
    return { state: "fail", text: `${message}: set TSS_WORKER_DIR to a directory that can be written to.` };
  }
  if (!hasRoom(directory))
    return { state: "fail", text: `${directory} has less than 64 MiB free: make room, or no task will be taken.` };
  return { state: "ok", text: `Output and outcomes are kept in ${directory}.` };
}

function checkPrograms(): CheckLine {
  // Where a system looks that is told nothing.
  const folders = (process.env["PATH"] ?? "/bin:/usr/bin").split(delimiter);
  const missing = PROGRAMS.filter((name) => !folders.some((folder) => isThere(folder, name)));
  if (!isThere("/", SHELL)) missing.unshift(SHELL);
  return missing.length === 0
    ? { state: "ok", text: `The programs it needs are there: ${[SHELL, ...PROGRAMS].join(", ")}.` }
    : { state: "fail", text: `${missing.join(" and ")} cannot be found: install coreutils and a shell, or mend PATH.` };
}

function isThere(folder: string, name: string): boolean {
  try {
    accessSync(join(folder, name), constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function checkPolicy(settings: Settings): CheckLine {
  const policy = readPolicy(settings);
  if (policy.kind === "everything") return { state: "ok", text: "It runs every command it is given." };
  if (policy.programs.size > 0) return { state: "ok", text: `It runs only ${[...policy.programs].join(", ")}.` };
  return { state: "fail", text: `It would run nothing, because ${policy.because}: name commands there, or * for all.` };
}

/** What the two sides show each other; nothing in plaintext. */
async function checkCertificates(identity: AgentIdentity): Promise<CheckLine[]> {
  const { settings, inUse } = identity;
  const { tls } = connectAgent(identity, "", silentLogger).options;
  if (tls === undefined) return [];
  const { ca, cert } = typeof tls === "function" ? tls() : tls;
  const addresses = addressesOf(settings.TSS_COORDINATOR);
  const looks = await Promise.all(addresses.map((address) => lookAtServer(address, ca)));
  if (cert !== undefined) {
    const joined = inUse !== undefined && settings.TSS_TLS_CLIENT_CERT === undefined;
    const mend = joined ? "Join again (`tss-agent join`)." : "Make a new one (`tss cert client`).";
    const look = lookAtOwn(cert, "the client certificate", mend);
    // A short one is what joining gives: the agent sees to the next.
    looks.push(joined && look.state === "warn" ? { ...look, state: "ok", mend: "" } : look);
  }
  return looks.map(({ state, message, mend }) => ({ state, text: `${message} ${mend}`.trimEnd() }));
}

async function checkCoordinator(identity: AgentIdentity, version: string): Promise<CheckLine> {
  const { settings } = identity;
  const answer = Promise.withResolvers<CheckLine>();
  const say = (ok: boolean, text: string): void => answer.resolve({ state: ok ? "ok" : "fail", text });
  try {
    const { openSession, refused } = connectAgent(identity, version, silentLogger, (e) => say(false, e.message));
    refused.catch((error: Error) => say(false, error.message));
    const { name, ...worker } = workerInfo(settings, version);
    const ignored = (): void => {};
    const session = openSession({
      worker: { ...worker, name },
      held: () => [],
      events: {
        onConnected: () => say(true, `${settings.TSS_COORDINATOR} knows the key and takes ${name} as a worker.`),
        onLease: ignored,
        onCancel: ignored,
        onLogAck: ignored,
        onOutcomeAck: ignored,
        onDrain: ignored,
      },
    });
    // It says so in its greeting: one that leaves is no worker that was lost, and is listed no longer than it is here.
    session.drain();
    const impatience = setTimeout(
      () => say(false, `${settings.TSS_COORDINATOR} has not answered within ${PATIENCE_MS / 1_000} s.`),
      PATIENCE_MS,
    );
    const line = await answer.promise;
    clearTimeout(impatience);
    await session.close();
    return line;
  } catch (error) {
    return { state: "fail", text: (error as Error).message };
  }
}
