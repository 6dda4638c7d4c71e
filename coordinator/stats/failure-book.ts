import { AT, FLOW } from "../kernel/stats/bucket.ts";
import { type FailureKind, fingerprintOf, normaliseError } from "../kernel/stats/fingerprint.ts";
import type { FailureGroupRow, RollupRow } from "../ports/stats-store.ts";
import { failureKey } from "./key.ts";

/** One attempt that ended without success. */
export interface Failure {
  readonly queue: string;
  readonly type: string;
  /** TaskReason. */
  readonly reason: number;
  readonly errorType: string;
  readonly message: string;
  /** For commands: their name, exit code or signal stand for the error text they do not give. */
  readonly name: () => string;
  readonly exitCode: number | undefined;
  readonly signal: string;
  /** Version of the worker; "": unknown. */
  readonly version: string;
  readonly taskId: () => string;
  /** No attempt follows. */
  readonly last: boolean;
}

/** What another coordinator has noted of a group. */
export interface HeardFailures extends FailureKind, Tally {
  readonly sampleMessage: string;
  readonly sampleIds: readonly string[];
  readonly version: string;
}

type Worded = Pick<Failure, "type" | "message" | "name" | "exitCode" | "signal">;

/** A group as it is in memory. */
export interface Group extends FailureKind {
  readonly fingerprint: string;
  sampleMessage: string;
  sampleIds: string[];
  total: number;
  firstSeen: number;
  lastSeen: number;
  firstVersion: string;
  lastVersion: string;
  backAt: number;
  /** By hour since 1970: failed attempts and tasks that they ended, as counted here, and what was stored before. */
  readonly hours: Map<number, Tally>;
  readonly past: Map<number, Tally>;
  /** Not yet stored, by us and by the other coordinators. */
  readonly minute: Tally;
  readonly elsewhere: Tally;
  unsaved: number;
}

export interface Tally {
  attempts: number;
  tasks: number;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const MINUTE_MS = 60_000;

/** Groups in memory; beyond, the one that was seen longest ago is forgotten (it is in the store). */
const GROUPS = 1_000;
/** Error texts that are looked at in a second; what comes beyond is counted by type and reason alone. */
const EXAMINED = 1_000;
/** Texts whose group is remembered, so that a storm of one error costs a look-up each. */
const KNOWN_TEXTS = 2_000;
const SAMPLES = 5;
const SAMPLE_CHARACTERS = 1_000;
const UNEXAMINED = "(too many different errors at once to tell them apart)";

export class FailureBook {
  readonly groups = new Map<string, Group>();
  /** Rises with every change. */
  version = 0;
  readonly #texts = new Map<string, Group>();
  /** Noted since the other coordinators were told; null: none listens. */
  #untold: Map<Group, Tally> | null = null;
  #examined = 0;
  #examinedAt = 0;

  /** Known groups of the past, and what is known of their last day. */
  load(rows: readonly FailureGroupRow[], hours: readonly { fingerprint: string; at: number; tally: Tally }[]): void {
    for (const { sampleIds, attempts, ...row } of rows)
      this.groups.set(row.fingerprint, {
        ...row,
        ...{ sampleIds: [...sampleIds], total: attempts, hours: new Map(), past: new Map(), unsaved: 0 },
        minute: { attempts: 0, tasks: 0 },
        elsewhere: { attempts: 0, tasks: 0 },
      });
    for (const { fingerprint, at, tally } of hours) add(hourOf(this.groups.get(fingerprint)?.past, at), tally);
  }

  note(failure: Failure, now: number): void {
    const group = this.#groupOf(failure, now);
    this.#see(group, failure.version, 1, now);
    group.unsaved++;
    const tally = { attempts: 1, tasks: failure.last ? 1 : 0 };
    add(group.minute, tally);
    add(hourOf(group.hours, now), tally);
    if (this.#untold !== null) {
      const untold = this.#untold.get(group);
      if (untold === undefined) this.#untold.set(group, tally);
      else add(untold, tally);
    }
    this.#sample(group, failure);
  }

  /** What another coordinator has noted, and will store. */
  hear({ sampleMessage, sampleIds, version, attempts, tasks, ...kind }: HeardFailures, now: number): void {
    if (!this.groups.has(fingerprintOf(kind)) && !this.#makeRoom()) return;
    const group = this.#groupFor(kind, version, now);
    this.#see(group, version, attempts, now);
    group.sampleIds = [...new Set([...sampleIds, ...group.sampleIds])].slice(0, SAMPLES);
    group.sampleMessage = sampleMessage;
    const tally = { attempts, tasks };
    add(group.elsewhere, tally);
    add(hourOf(group.past, now), tally);
  }

  /** From now on the other coordinators are told what is noted; or no more. */
  listen(listens = true): void {
    this.#untold = listens ? (this.#untold ?? new Map()) : null;
  }

  /** Noted since the last call. */
  takeUntold(): HeardFailures[] {
    const told = [...(this.#untold ?? [])].map(([group, tally]) => heardOf(group, tally));
    this.#untold?.clear();
    return told;
  }

  /** Told and not stored yet. */
  minute(): HeardFailures[] {
    return [...this.groups.values()].flatMap((group) => {
      const untold = this.#untold?.get(group) ?? NOTHING;
      const attempts = group.minute.attempts - untold.attempts;
      return attempts > 0 ? [heardOf(group, { attempts, tasks: group.minute.tasks - untold.tasks })] : [];
    });
  }

  #see(group: Group, version: string, attempts: number, now: number): void {
    if (now - group.lastSeen >= DAY_MS && group.total > 0) group.backAt = now;
    group.lastSeen = Math.max(now, group.lastSeen);
    group.lastVersion = version || group.lastVersion;
    group.total += attempts;
    this.version++;
  }

  #sample(group: Group, failure: Failure): void {
    // Under a storm the newest few are as good as any: ids are made for one in a hundred.
    if (group.sampleIds.length >= SAMPLES && group.unsaved % 100 !== 1) return;
    const id = failure.taskId();
    group.sampleIds = [id, ...group.sampleIds.filter((known) => known !== id)].slice(0, SAMPLES);
    group.sampleMessage = textOf(failure).slice(0, SAMPLE_CHARACTERS);
  }

  #groupOf(failure: Failure, now: number): Group {
    const { queue, type, reason, errorType } = failure;
    const text = textOf(failure);
    const exact = [queue, type, reason, errorType, text.slice(0, SAMPLE_CHARACTERS)].join("\u0000");
    const known = this.#texts.get(exact);
    if (known !== undefined) return this.#keep(known);
    if (now - this.#examinedAt >= 1_000) {
      this.#examinedAt = now;
      this.#examined = 0;
    }
    const asked = { queue, type, reason, errorType };
    const kind = ++this.#examined > EXAMINED ? null : { ...asked, title: titleOf(failure) };
    const fingerprint = kind === null ? "" : fingerprintOf(kind);
    const examined = kind !== null && (this.groups.has(fingerprint) || this.#makeRoom());
    const group = this.#groupFor(
      examined ? kind : { ...asked, errorType: "", title: UNEXAMINED },
      failure.version,
      now,
    );
    if (!examined) return group;
    if (this.#texts.size >= KNOWN_TEXTS) this.#texts.clear();
    this.#texts.set(exact, group);
    return group;
  }

  #groupFor(kind: FailureKind, version: string, now: number): Group {
    return this.#keep(this.groups.get(fingerprintOf(kind)) ?? newGroup(kind, version, now));
  }

  /** The newest group stands last. */
  #keep(group: Group): Group {
    this.groups.delete(group.fingerprint);
    this.groups.set(group.fingerprint, group);
    return group;
  }

  /** Forgets the group that was seen longest ago and is stored; false: none may be forgotten. */
  #makeRoom(): boolean {
    if (this.groups.size < GROUPS) return true;
    for (const group of this.groups.values()) {
      if (group.unsaved > 0) continue;
      this.groups.delete(group.fingerprint);
      for (const [text, of] of this.#texts) if (of === group) this.#texts.delete(text);
      return true;
    }
    return false;
  }

  /** What a minute has added, to be stored, and the hours it belongs to; hours older than a day are forgotten. */
  closeMinute(at: number, owner: number): { rollups: RollupRow[]; failures: FailureGroupRow[] } {
    const rollups: RollupRow[] = [];
    const failures: FailureGroupRow[] = [];
    const hour = Math.floor(at / HOUR_MS);
    for (const group of this.groups.values()) {
      for (const hours of [group.hours, group.past])
        for (const old of hours.keys()) if (old < hour - 24) hours.delete(old);
      group.elsewhere.attempts = 0;
      group.elsewhere.tasks = 0;
      if (group.unsaved === 0) continue;
      failures.push(rowOf(group));
      rollups.push(rollup(group, MINUTE_MS, Math.floor(at / MINUTE_MS) * MINUTE_MS, group.minute, owner));
      const ofHour = group.hours.get(hour);
      if (ofHour !== undefined) rollups.push(rollup(group, HOUR_MS, hour * HOUR_MS, ofHour, owner));
      group.unsaved = 0;
      group.minute.attempts = 0;
      group.minute.tasks = 0;
    }
    return { rollups, failures };
  }
}

function newGroup(kind: FailureKind, version: string, now: number): Group {
  return {
    ...kind,
    ...{ fingerprint: fingerprintOf(kind), sampleMessage: "", sampleIds: [], total: 0, backAt: 0, unsaved: 0 },
    ...{ firstSeen: now, lastSeen: now, firstVersion: version, lastVersion: version },
    ...{ hours: new Map(), past: new Map() },
    minute: { attempts: 0, tasks: 0 },
    elsewhere: { attempts: 0, tasks: 0 },
  };
}

const NOTHING: Tally = { attempts: 0, tasks: 0 };

function heardOf(group: Group, tally: Tally): HeardFailures {
  const { queue, type, reason, errorType, title, sampleMessage, sampleIds, lastVersion } = group;
  return { queue, type, reason, errorType, title, sampleMessage, sampleIds, version: lastVersion, ...tally };
}

/** Commands say how they ended, not why: their name tells more than a sentence about an exit code. */
function namesItself({ type, message, exitCode, signal }: Worded): boolean {
  return message === "" || (type === "" && (signal !== "" || (exitCode ?? 0) !== 0));
}

function textOf(failure: Worded): string {
  if (!namesItself(failure)) return failure.message;
  return failure.type === "" ? `${failure.name()}: ${howOf(failure)}` : howOf(failure);
}

/** Numbers in texts and names do not tell groups apart; exit codes do. */
export function titleOf(failure: Worded): string {
  if (!namesItself(failure)) return normaliseError(failure.message);
  return failure.type === "" ? `${normaliseError(failure.name())}: ${howOf(failure)}` : howOf(failure);
}

function howOf({ exitCode, signal }: Worded): string {
  if (signal !== "") return `ended by ${signal}`;
  return exitCode === undefined ? "no error text" : `exit code ${exitCode}`;
}

function hourOf(hours: Map<number, Tally> | undefined, at: number): Tally {
  const hour = Math.floor(at / HOUR_MS);
  const known = hours?.get(hour);
  if (known !== undefined) return known;
  const tally = { attempts: 0, tasks: 0 };
  hours?.set(hour, tally);
  return tally;
}

function add(to: Tally, by: Tally): void {
  to.attempts += by.attempts;
  to.tasks += by.tasks;
}

function rowOf(group: Group): FailureGroupRow {
  const { fingerprint, queue, type, reason, errorType, title, sampleMessage, sampleIds, unsaved } = group;
  const { firstSeen, lastSeen, firstVersion, lastVersion, backAt } = group;
  return {
    ...{ fingerprint, queue, type, reason, errorType, title, sampleMessage, sampleIds: [...sampleIds] },
    ...{ attempts: unsaved, firstSeen, lastSeen, firstVersion, lastVersion, backAt },
  };
}

function rollup({ fingerprint }: Group, resolutionMs: number, at: number, tally: Tally, owner: number): RollupRow {
  const flow = new Array<number>(FLOW.length).fill(0);
  flow[AT.failed] = tally.tasks;
  flow[AT.attemptsFailed] = tally.attempts;
  return { key: failureKey(fingerprint), resolutionMs, at, owner, body: JSON.stringify({ flow }) };
}
