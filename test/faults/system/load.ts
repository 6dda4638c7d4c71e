import type { History } from "../evidence/history.ts";
import type { Wanted } from "../evidence/types.ts";
import type { Chance } from "./seeded.ts";
import type { Coordinator, System } from "./start-system.ts";
import { type Message, submitOnce } from "./submit.ts";
import { cancelOnce, getOnce } from "./task-calls.ts";

/** What a run's clients have been told, and what is to be asked of them still. */
export interface Load {
  /** Ids of tasks that were acknowledged, with what was asked for. */
  readonly accepted: ReadonlyMap<string, Wanted>;
  /** Messages that were acknowledged. */
  acknowledged(): number;
  /** Submits a message until it has a definite answer. @returns the ids. */
  submit(kinds: readonly string[], via: Coordinator, delayMs?: number): Promise<string[]>;
  /** No further operations; resolves when those under way have ended and nothing is in doubt, or it cannot be cleared up. */
  stop(): Promise<void>;
}

/** Commands that have begun or may begin at a time: more would only wait. */
const ROOM = 10;
const CLIENTS = 2;
/** What is submitted, by chance: most of it is short. */
const KINDS = ["ok", "ok", "ok", "ok", "ok", "flaky", "flaky", "fail", "endless"];
/** Between two looks at the room, and two tries of a call that was refused for now. */
const PAUSE_MS = 50;

export interface LoadOptions {
  readonly system: System;
  readonly history: History;
  readonly chance: Chance;
  /** Queue of the run, and prefix of its names. */
  readonly run: string;
  /** Files that commands wait for. */
  readonly gates: readonly [string, string];
}

/** Clients that submit, repeat, cancel and read by chance until they are stopped, some at each coordinator. */
export function startLoad(options: LoadOptions): Load {
  const { system, history, chance, run } = options;
  const accepted = new Map<string, Wanted>();
  const messages: Message[] = [];
  const cancelled = new Set<string>();
  let made = 0;
  let stopped = false;
  const giveUp = new AbortController();

  const messageOf = (kinds: readonly string[], delayMs = 0): Message => {
    const number = made++;
    const tasks = kinds.map((kind, index) => {
      const name = `${run}-${number}-${index}`;
      return { ...wantedOf(kind), name, ...(chance.next() < 0.4 ? { key: `key-${name}` } : {}) };
    });
    // A message without keys is accepted as a whole: keys come for all of its tasks or for none.
    const keyed = chance.next() < 0.5;
    const { ledger } = system;
    return {
      requestId: `${run}-${number}`,
      tasks: keyed && delayMs === 0 ? tasks : tasks.map(({ key: _, ...task }) => task),
      spec: (task) => ({ command: ledger.command(task.kind, ...options.gates), queue: run, delayMs }),
    };
  };

  const submitMessage = async (client: string, message: Message, first: Coordinator): Promise<string[]> => {
    const order = [first, ...system.coordinators.filter((other) => other !== first)];
    for (let attempt = 0; ; attempt++) {
      const via = order[attempt % order.length] as Coordinator;
      const answer = await submitOnce(history, client, via, message);
      if (answer !== undefined) {
        for (const [index, { id }] of answer.entries())
          if (id !== undefined) accepted.set(id, message.tasks[index] as Wanted);
        messages.push(message);
        return answer.flatMap(({ id }) => id ?? []);
      }
      if (giveUp.signal.aborted) return [];
      await pause();
    }
  };

  const operate = async (client: string, own: Chance): Promise<void> => {
    const via = own.pick(system.coordinators);
    const other = own.pick(system.coordinators);
    const ids = [...accepted.keys()];
    const what = own.next();
    if (ids.length === 0 || what < 0.5) {
      const [first] = await submitMessage(
        client,
        messageOf(Array.from({ length: 1 + own.below(3) }, () => own.pick(KINDS))),
        via,
      );
      if (first !== undefined && own.next() < 0.5) await getOnce(history, client, other, first);
    } else if (what < 0.65) await submitOnce(history, client, other, own.pick(messages));
    else if (what < 0.7) {
      const keyed = messages.filter(({ tasks }) => tasks[0]?.key !== undefined);
      if (keyed.length > 0) await submitMessage(client, changed(own.pick(keyed), `${run}-x${made++}`), other);
    } else if (what < 0.85) {
      const open = ids.slice(-12).filter((id) => !cancelled.has(id) && !KEPT.has(accepted.get(id)?.kind ?? ""));
      if (open.length === 0) return;
      const id = own.pick(open);
      cancelled.add(id);
      if (await cancelOnce(history, client, via, id)) await getOnce(history, client, other, id);
    } else await getOnce(history, client, other, own.pick(ids.slice(-20)));
  };

  const hasRoom = (): boolean => {
    const ended = system.ledger.ended();
    let open = 0;
    for (const [id, { kind }] of accepted)
      if (!ended.has(id) && !cancelled.has(id) && !KEPT.has(kind) && kind !== "endless") open++;
    return open < ROOM;
  };

  const clients = Array.from({ length: CLIENTS }, async (_, at) => {
    const client = `client${at + 1}`;
    const own = chance.fork(client);
    while (!stopped) {
      if (hasRoom()) await operate(client, own);
      await pause();
    }
  });
  return {
    accepted,
    acknowledged: () => messages.length,
    submit: (kinds, via, delayMs) => submitMessage("setup", messageOf(kinds, delayMs), via),
    async stop() {
      stopped = true;
      const timer = setTimeout(() => giveUp.abort(), 60_000);
      await Promise.all(clients);
      clearTimeout(timer);
    },
  };
}

/** Kinds that are to be there when the fault comes, and are cancelled by nobody. */
const KEPT = new Set(["long", "once", "stale"]);

function wantedOf(kind: string): Omit<Wanted, "name"> {
  const base = { kind, intervalMs: 200, timeoutMs: 0, graceMs: 500 };
  if (kind === "ok" || kind === "once") return { ...base, maxAttempts: 1 };
  if (kind === "endless") return { ...base, maxAttempts: 1, timeoutMs: 1_000 };
  return { ...base, maxAttempts: kind === "fail" ? 2 : 4 };
}

/** The same key with another body. */
function changed(message: Message, requestId: string): Message {
  const [{ key, ...task }] = message.tasks as [Wanted, ...Wanted[]];
  return { ...message, requestId, tasks: [{ ...task, ...(key === undefined ? {} : { key }), name: requestId }] };
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
}
