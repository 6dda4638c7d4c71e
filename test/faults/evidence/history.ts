import { appendFileSync, readFileSync } from "node:fs";
import { now } from "./run-clock.ts";
import type { Asked, Call, Effect, Sight } from "./types.ts";

/** Errors after which nothing has happened. Every other failure leaves a call in doubt. */
const REFUSALS: ReadonlySet<string> = new Set([
  "INVALID_ARGUMENT",
  "UNAUTHENTICATED",
  "PERMISSION_DENIED",
  "NOT_FOUND",
  "ALREADY_EXISTS",
  "FAILED_PRECONDITION",
  "RESOURCE_EXHAUSTED",
]);

type Line =
  | { readonly line: "asked"; readonly asked: Asked }
  | {
      readonly line: "answered";
      readonly call: number;
      readonly t: number;
      readonly outcome: "ok" | "fail" | "info";
      readonly code?: string;
      readonly answer?: unknown;
    }
  | { readonly line: "seen"; readonly sight: Sight }
  | { readonly line: "effect"; readonly effect: Effect };

type Question<C extends Call = Call> = C extends Call ? Omit<Asked<C>, "call" | "began"> : never;

/** What clients did, asked and saw, one JSON object a line, written as it happens. */
export interface History {
  /** Writes a call down before it is made and after it is answered. @throws what the call throws. */
  call<Q extends Question, A>(question: Q, make: () => Promise<A>, answerOf: (answer: A) => unknown): Promise<A>;
  saw(sight: Omit<Sight, "t">): void;
  effect(effect: Omit<Effect, "t">): void;
  /** Calls that were made so far, answered or not. */
  readonly made: number;
  /** Calls that were answered with `ok`. */
  readonly done: number;
}

export function openHistory(file: string): History {
  let made = 0;
  let done = 0;
  const write = (line: Line) => appendFileSync(file, `${JSON.stringify(line)}\n`);
  return {
    get made() {
      return made;
    },
    get done() {
      return done;
    },
    async call(question, make, answerOf) {
      const call = made++;
      write({ line: "asked", asked: { ...question, call, began: now() } as unknown as Asked });
      try {
        const answer = await make();
        write({ line: "answered", call, t: now(), outcome: "ok", answer: answerOf(answer) });
        done++;
        return answer;
      } catch (error) {
        const code = (error as { code?: string }).code ?? String(error);
        write({ line: "answered", call, t: now(), outcome: REFUSALS.has(code) ? "fail" : "info", code });
        throw error;
      }
    },
    saw: (sight) => write({ line: "seen", sight: { ...sight, t: now() } }),
    effect: (effect) => write({ line: "effect", effect: { ...effect, t: now() } }),
  };
}

/** What the lines of a history say. A call that was never answered is in doubt. */
export function readHistory(file: string): Pick<Readonly<Record<"calls", Call[]>>, "calls"> & {
  readonly sights: Sight[];
  readonly effects: Effect[];
} {
  const calls = new Map<number, Call>();
  const sights: Sight[] = [];
  const effects: Effect[] = [];
  for (const text of readFileSync(file, "utf8").split("\n")) {
    if (text === "") continue;
    const line = JSON.parse(text) as Line;
    if (line.line === "seen") sights.push(line.sight);
    if (line.line === "effect") effects.push(line.effect);
    if (line.line === "asked")
      calls.set(line.asked.call, { ...line.asked, ended: Number.POSITIVE_INFINITY, outcome: "info" } as Call);
    if (line.line === "answered") {
      const { line: _, call, t, ...rest } = line;
      const ended = rest.outcome === "info" ? Number.POSITIVE_INFINITY : t;
      calls.set(call, { ...(calls.get(call) as Call), ...rest, ended } as Call);
    }
  }
  return { calls: [...calls.values()], sights, effects };
}
