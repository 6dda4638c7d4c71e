import fc from "fast-check";
import type {
  Call,
  Evidence,
  FinalAttempt,
  FinalTask,
  LedgerLine,
  Sight,
  SubmitCall,
  Wanted,
} from "../evidence/types.ts";

/** A run in which nothing is wrong, made up from chance: what the checker's own test begins with. */

const LEASE_TTL_MS = 2_000;

interface Plan {
  readonly kind: "ok" | "fail" | "flaky" | "lost" | "cancelled" | "early";
  readonly keyed: boolean;
  readonly pause: number;
  readonly length: number;
}

interface Draft {
  readonly calls: Call[];
  readonly sights: Sight[];
  readonly ledger: LedgerLine[];
  readonly final: FinalTask[];
  t: number;
  token: number;
}

const plans = fc.array(
  fc.array(
    fc.record({
      kind: fc.constantFrom("ok", "fail", "flaky", "lost", "cancelled", "early") as fc.Arbitrary<Plan["kind"]>,
      keyed: fc.boolean(),
      pause: fc.integer({ min: 40, max: 500 }),
      length: fc.integer({ min: 50, max: 3_000 }),
    }),
    { minLength: 1, maxLength: 4 },
  ),
  { minLength: 1, maxLength: 8 },
);

/** One of every kind, so that every mutation finds what it changes, and whatever else chance adds. */
const EVERY: readonly Plan[][] = [
  [
    { kind: "ok", keyed: true, pause: 40, length: 100 },
    { kind: "flaky", keyed: false, pause: 200, length: 100 },
  ],
  [
    { kind: "ok", keyed: false, pause: 60, length: 100 },
    { kind: "fail", keyed: false, pause: 60, length: 100 },
  ],
  [{ kind: "lost", keyed: false, pause: 100, length: 700 }],
  [{ kind: "cancelled", keyed: true, pause: 80, length: 400 }],
  [{ kind: "early", keyed: true, pause: 80, length: 400 }],
];

export const cleanRuns: fc.Arbitrary<Evidence> = plans.map((chance) => makeRun([...EVERY, ...chance]));

function makeRun(messages: readonly (readonly Plan[])[]): Evidence {
  const draft: Draft = { calls: [], sights: [], ledger: [], final: [], t: 1_000, token: 4_096 };
  for (const [at, plan] of messages.entries()) addMessage(draft, at, plan);
  const effects = addLocks(draft);
  const lost = draft.ledger.filter(({ agent }) => agent === "a2");
  const disturbed = lost.map(({ t }) => ({ agent: "a2", from: t, to: t + 60_000 }));
  return {
    ...draft,
    effects,
    disturbed,
    alive: [],
    terms: { leaseTtlMs: LEASE_TTL_MS, slackMs: 1_000, stalledMs: 20 },
  };
}

function addMessage(draft: Draft, at: number, plans: readonly Plan[]): void {
  const tasks = plans.map(
    (plan, index): Wanted => ({
      name: `m${at}-${index}`,
      kind: plan.kind,
      ...(plan.keyed ? { key: `key-${at}-${index}` } : {}),
      maxAttempts: plan.kind === "ok" ? 1 : 3,
      intervalMs: plan.pause,
      timeoutMs: plan.kind === "ok" ? 5_000 : 0,
      graceMs: 100,
    }),
  );
  const answer = tasks.map(({ name }) => ({ id: `id-${name}`, duplicate: false }));
  const first = { op: "submit", client: "c1", requestId: `q${at}`, tasks } as const;
  draft.calls.push({
    ...first,
    ...{
      call: draft.calls.length,
      via: "one",
      began: draft.t,
      ended: Number.POSITIVE_INFINITY,
      outcome: "info",
      code: "UNAVAILABLE",
    },
  });
  draft.calls.push({ ...first, ...made(draft, "two"), answer } as SubmitCall);
  for (const [index, plan] of plans.entries()) addTask(draft, tasks[index] as Wanted, `id-m${at}-${index}`, plan);
}

/** A call that takes 10 ms and is answered. */
function made(draft: Draft, via: string) {
  const began = draft.t + 5;
  draft.t = began + 10;
  return { call: draft.calls.length, via, began, ended: draft.t, outcome: "ok" } as const;
}

const ENDS = {
  ok: ["succeeded", "unspecified"],
  flaky: ["succeeded", "unspecified"],
  lost: ["succeeded", "unspecified"],
  fail: ["failed", "exit_code"],
  cancelled: ["cancelled", "aborted"],
  early: ["cancelled", "aborted"],
} as const;

function addTask(draft: Draft, wanted: Wanted, id: string, plan: Plan): void {
  const { kind } = plan;
  const attempts: FinalAttempt[] = [];
  const attempt = (outcome: FinalAttempt["outcome"], reason: string, code?: number, agent = "a1") => {
    const [number, token, leasedAt] = [attempts.length + 1, draft.token++, draft.t + 1];
    const line = { task: id, attempt: number, token, agent, pid: 100 + token };
    draft.ledger.push({ ...line, what: "start", t: draft.t + 2 });
    draft.sights.push({ watcher: "w1", t: draft.t + 3, id, status: "running", reason: "executing", attempt: number });
    draft.ledger.push({ ...line, what: "beat", t: draft.t + plan.length / 2 });
    draft.t += plan.length;
    if (code !== undefined) draft.ledger.push({ ...line, what: "end", t: draft.t, code });
    attempts.push({ number, outcome, reason, token, leasedAt, endedAt: draft.t });
    draft.t += plan.pause;
  };
  draft.sights.push({ watcher: "w1", t: draft.t, id, status: "waiting", reason: "ready", attempt: 0 });
  const [status, reason] = ENDS[kind];
  const cancel = (shown: "running" | "cancelled", number: number) =>
    draft.calls.push({
      ...{ op: "cancel", client: "c2", id, ...made(draft, "one") },
      answer: { status: shown, reason: shown === "running" ? "cancelling" : "aborted", attempt: number, changed: true },
    });
  if (kind === "ok") attempt("succeeded", "unspecified", 0);
  if (kind === "fail") for (let left = wanted.maxAttempts; left > 0; left--) attempt("failed", "exit_code", 7);
  if (kind === "flaky") {
    attempt("failed", "exit_code", 7);
    attempt("succeeded", "unspecified", 0);
  }
  if (kind === "lost") {
    attempt("failed", "lost", undefined, "a2");
    attempt("succeeded", "unspecified", 0);
  }
  if (kind === "cancelled") {
    attempt("cancelled", "aborted");
    cancel("running", 1);
  }
  if (kind === "early") cancel("cancelled", 0);
  const last = attempts.at(-1);
  const shown = { status, reason, attempt: attempts.length };
  const [exitCode, result] = [kind === "fail" ? 7 : null, status === "succeeded" ? String(last?.token) : ""];
  draft.final.push({
    id,
    name: wanted.name,
    exitCode: status === "succeeded" ? 0 : exitCode,
    result,
    attempts,
    ...shown,
  });
  draft.t += 10;
  for (const watcher of ["w1", "w2"]) draft.sights.push({ watcher, t: draft.t, id, ...shown });
  draft.calls.push({ op: "get", client: "c2", id, ...made(draft, "two"), answer: shown });
}

/** Three holders, one after the other; the second renews, and lets its term run out. */
function addLocks(draft: Draft) {
  const lock = "one";
  const effects = [];
  const ask = { lock, ttlMs: 500 };
  for (const turn of [1, 2, 3]) {
    const client = `l${turn}`;
    const token = draft.token++;
    draft.calls.push({ op: "acquire", client, ...ask, ...made(draft, "one"), answer: { acquired: true, token } });
    effects.push({ t: draft.t, lock, token, accepted: true });
    const forged = { token: token + 1, forged: true, outcome: "fail", code: "FAILED_PRECONDITION" } as const;
    draft.calls.push({ op: "release", client: "thief", ...ask, ...made(draft, "two"), ...forged });
    draft.calls.push({ op: "renew", client, ...ask, ...made(draft, "two"), token, answer: {} });
    if (turn === 2) draft.t += 600;
    else draft.calls.push({ op: "release", client, ...ask, ...made(draft, "one"), token, answer: { changed: true } });
  }
  return effects;
}
