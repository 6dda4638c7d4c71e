import { mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { type OutcomeReport, OutcomeReportSchema } from "../../proto/gen/tss/v1/worker_service_pb.js";
import type { ProcessIdentity } from "../processes/identity.ts";
import { foreignOwner, removeGiven } from "./given-folder.ts";
import { writeDurably, writeWhole } from "./write-file.ts";

/** What a later agent must know to take up, or to end, an attempt that this one left behind. */
export interface AttemptRecord {
  readonly taskId: string;
  /** Decimal: tokens may pass what JSON numbers hold. */
  readonly token: string;
  readonly attempt: number;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  /** The same in milliseconds since the boot `bootId`. */
  readonly startedTick: number;
  readonly bootId: string;
  /** Absent, as with older agents: it is ended. */
  readonly onRestart?: "adopt" | "kill";
  readonly graceMs: number;
  /** Absent: none. */
  readonly timeoutMs?: number;
  /** The shell line as far as its first program; "": there is none. */
  readonly line: string;
  /** Variables that it was given secrets in; absent: none. */
  readonly secretNames?: readonly string[];
  /** Absent: the agent ended while it started the command. */
  readonly process?: ProcessIdentity;
}

/** The private directory (mode 0700) of one attempt: its record, its output, its outcome, and what the task may use. */
export interface AttemptDir {
  readonly path: string;
  /** For TSS_INPUT and TSS_OUTPUT. */
  readonly taskPath: string;
  /** Task and token, by its name; undefined: it is no attempt's. */
  readonly lease: { readonly id: string; readonly fencingToken: bigint } | undefined;
  record(record: AttemptRecord): void;
  readRecord(): AttemptRecord | undefined;
  /** On disk for good when it resolves. */
  keepOutcome(report: OutcomeReport): Promise<void>;
  readOutcome(): OutcomeReport | undefined;
  remove(): Promise<void>;
}

const RECORD = "attempt.json";
const OUTCOME = "outcome";

/** Ids come from the coordinator and become a path. */
const SAFE_ID = /^[A-Za-z0-9_-]{1,64}$/;

/** Makes the directory of an attempt; one that is already there is emptied. @throws for an id that is none. */
export function createAttemptDir(root: string, taskId: string, token: string): AttemptDir {
  if (!SAFE_ID.test(taskId)) throw new Error("the task's id is not made of letters, digits, - and _");
  const path = join(root, `${taskId}.${token}`);
  const dir = openAttemptDir(path);
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    if (foreignOwner(dir.taskPath) === undefined) rmSync(path, { recursive: true });
    else {
      // It is removed at the next start, and is no attempt any more.
      rmSync(join(path, RECORD), { force: true });
      renameSync(path, `${path}.old-${Date.now()}`);
    }
    mkdirSync(path, { mode: 0o700 });
  }
  mkdirSync(dir.taskPath, { mode: 0o700 });
  return dir;
}

export function openAttemptDir(path: string): AttemptDir {
  return {
    path,
    taskPath: join(path, "task"),
    lease: leaseOf(basename(path)),
    record: (record) => writeWhole(join(path, RECORD), JSON.stringify(record)),
    readRecord: () => readOptional(() => JSON.parse(readFileSync(join(path, RECORD), "utf8")) as AttemptRecord),
    keepOutcome: (report) => writeDurably(join(path, OUTCOME), toBinary(OutcomeReportSchema, report)),
    readOutcome: () => readOptional(() => fromBinary(OutcomeReportSchema, readFileSync(join(path, OUTCOME)))),
    async remove() {
      const taskPath = join(path, "task");
      const owner = foreignOwner(taskPath);
      if (owner !== undefined) await removeGiven(taskPath, owner);
      await rm(path, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}

function leaseOf(name: string): AttemptDir["lease"] {
  const [, id, token] = /^([A-Za-z0-9_-]{1,64})\.(\d{1,19})$/.exec(name) ?? [];
  return id === undefined || token === undefined ? undefined : { id, fencingToken: BigInt(token) };
}

/** A file that is absent or was not written to its end says nothing. */
function readOptional<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
