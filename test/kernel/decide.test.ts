import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { type Command, type Decision, decide, type TaskState } from "../../coordinator/kernel/decide.ts";
import { AttemptOutcome, TaskReason, TaskStatus } from "../../proto/gen/tss/v1/task_pb.js";

/** The pairs of docs/states.md that an end may have. */
const ENDS = new Map<TaskStatus, ReadonlySet<TaskReason>>([
  [TaskStatus.SUCCEEDED, new Set<TaskReason>([TaskReason.UNSPECIFIED])],
  [
    TaskStatus.FAILED,
    new Set<TaskReason>([
      TaskReason.EXIT_CODE,
      TaskReason.SIGNAL,
      TaskReason.TIMED_OUT,
      TaskReason.HEARTBEAT,
      TaskReason.LOST,
      TaskReason.EXPIRED,
      TaskReason.REJECTED,
      TaskReason.SPAWN_ERROR,
      TaskReason.OUT_OF_MEMORY,
      TaskReason.HANDLER_ERROR,
      TaskReason.RESULT_TOO_LARGE,
      TaskReason.LOCK_LOST,
    ]),
  ],
  [TaskStatus.CANCELLED, new Set<TaskReason>([TaskReason.ABORTED])],
]);

/** Which token a command carries: the one of the newest attempt, of an earlier one, or of none. */
type TokenChoice = "current" | "old" | "made up";
type Step =
  | { readonly kind: "lease" }
  | { readonly kind: "cancel" }
  | { readonly kind: "expire" }
  | { readonly kind: "lose"; readonly choice: TokenChoice }
  | { readonly kind: "giveUp"; readonly choice: TokenChoice; readonly reason: TaskReason }
  | {
      readonly kind: "report";
      readonly choice: TokenChoice;
      readonly outcome: AttemptOutcome;
      readonly reason: TaskReason;
      readonly final: boolean;
      readonly begun: { readonly releaseLimit: number } | undefined;
    };

const choices = fc.constantFrom<TokenChoice>("current", "current", "current", "old", "made up");
/** Enums are open on the wire: a worker may send a number that no version knows. */
const outcomes = fc.oneof(
  fc.constantFrom<AttemptOutcome>(0, 1, 2, 3, 4),
  fc.integer({ min: -5, max: 99 }) as fc.Arbitrary<AttemptOutcome>,
);
const reasons = fc.integer({ min: -5, max: 99 }) as fc.Arbitrary<TaskReason>;

const RELEASE_LIMIT = 2;

const steps: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.constant<Step>({ kind: "lease" }) },
  { weight: 1, arbitrary: fc.constantFrom<Step>({ kind: "cancel" }, { kind: "expire" }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("lose" as const), choice: choices }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("giveUp" as const),
      choice: choices,
      reason: fc.constantFrom(TaskReason.TIMED_OUT, TaskReason.HEARTBEAT, TaskReason.ABORTED),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("report" as const),
      choice: choices,
      outcome: outcomes,
      reason: reasons,
      final: fc.boolean(),
      begun: fc.option(fc.constant({ releaseLimit: RELEASE_LIMIT }), { nil: undefined }),
    }),
  },
);

/** A task whose decisions are carried out as the engine carries them out, with all that ever happened to it. */
class Story {
  state: TaskState = { status: "waiting", attempts: 0, released: 0 };
  readonly tokens: number[] = [];
  /** Attempts that were begun and not given back unharmed. */
  counted = 0;
  end: Extract<Decision, { do: "end" }> | null = null;
  #next = 1;
  readonly maxAttempts: number;

  constructor(maxAttempts: number) {
    this.maxAttempts = maxAttempts;
  }

  command(step: Step): Command {
    if (step.kind === "lease" || step.kind === "cancel" || step.kind === "expire") return step;
    const token = this.#token(step.choice);
    if (step.kind === "lose") return { kind: "lose", token };
    // The engine gives an attempt up for `aborted` only after a cancel request, which is committed first.
    const asked = this.state.status === "running" && this.state.cancelRequested;
    if (step.kind === "giveUp")
      return {
        kind: "giveUp",
        token,
        reason: step.reason === TaskReason.ABORTED && !asked ? TaskReason.TIMED_OUT : step.reason,
      };
    const { outcome, reason, final, begun } = step;
    const report = { outcome, reason, final, ...(begun === undefined ? {} : { begun }) };
    return { kind: "report", token, report };
  }

  #token(choice: TokenChoice): number {
    if (choice === "current") return this.tokens.at(-1) ?? 0;
    if (choice === "old") return this.tokens.at(-2) ?? 0;
    return (this.tokens.at(-1) ?? 0) + 7;
  }

  carryOut(decision: Decision): void {
    const { state } = this;
    switch (decision.do) {
      case "lease": {
        const token = this.#next++;
        this.tokens.push(token);
        this.counted++;
        const { released } = state as Extract<TaskState, { status: "waiting" }>;
        this.state = { status: "running", attempts: decision.attempt, released, token, cancelRequested: false };
        break;
      }
      case "end":
        this.end = decision;
        this.state = { status: "ended", token: this.tokens.at(-1) ?? 0 };
        break;
      case "retry":
        if (state.status !== "running") throw new Error("only an attempt can be tried again");
        this.state = { status: "waiting", attempts: state.attempts, released: state.released };
        break;
      case "requeue":
        if (state.status !== "running") throw new Error("only an attempt can be given back");
        this.counted--;
        this.state = {
          status: "waiting",
          attempts: state.attempts - 1,
          released: state.released + (decision.begun ? 1 : 0),
        };
        break;
      case "requestCancel":
        if (state.status !== "running") throw new Error("only an attempt can be asked to end");
        this.state = { ...state, cancelRequested: true };
        break;
      case "nothing":
        break;
    }
  }
}

function everyStory(check: (story: Story, step: Step, command: Command, decision: Decision) => void): void {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 6 }), fc.array(steps, { maxLength: 60 }), (maxAttempts, all) => {
      const story = new Story(maxAttempts);
      for (const step of all) {
        const command = story.command(step);
        const decision = decide(story.state, command, { maxAttempts });
        check(story, step, command, decision);
        story.carryOut(decision);
      }
    }),
    { numRuns: 1_000 },
  );
}

test("no sequence of commands leaves the table: every end is one of its pairs, every retry has a reason of failed", () => {
  everyStory((_story, _step, _command, decision) => {
    if (decision.do === "end") expect(ENDS.get(decision.status)?.has(decision.reason)).toBe(true);
    if (decision.do === "retry") {
      expect(ENDS.get(TaskStatus.FAILED)?.has(decision.reason)).toBe(true);
      expect(decision.reason).not.toBe(TaskReason.EXPIRED);
    }
  });
});

test("no attempt is above the limit, and each is the number of attempts that count", () => {
  everyStory((story, _step, _command, decision) => {
    if (decision.do !== "lease") return;
    expect(decision.attempt).toBe(story.counted + 1);
    expect(decision.attempt).toBeLessThanOrEqual(story.maxAttempts);
  });
});

test("what had begun and came back counts as an attempt when it has come back too often", () => {
  everyStory((story, _step, command, decision) => {
    const { state } = story;
    if (state.status !== "running" || command.kind !== "report" || decision.do === "nothing") return;
    if (command.report.outcome !== AttemptOutcome.RELEASED || state.cancelRequested) return;
    const begun = command.report.begun !== undefined;
    expect(decision.do === "requeue" && decision.begun).toBe(begun && state.released < RELEASE_LIMIT);
    if (begun && state.released >= RELEASE_LIMIT)
      expect(decision).toMatchObject({
        do: state.attempts < story.maxAttempts ? "retry" : "end",
        reason: TaskReason.LOST,
      });
    expect(state.released).toBeLessThanOrEqual(RELEASE_LIMIT);
  });
});

test("what has ended stays as it is, whatever comes", () => {
  everyStory((story, _step, _command, decision) => {
    if (story.end !== null) expect(decision.do).toBe("nothing");
  });
});

test("an old or made-up token changes nothing and is refused, for ever", () => {
  everyStory((story, step, command, decision) => {
    if (!("choice" in step) || !("token" in command) || command.token === story.tokens.at(-1)) return;
    expect(decision.do).toBe("nothing");
    if (command.kind === "report") expect(decision).toEqual({ do: "nothing", why: "stale" });
  });
});

test("a report that comes twice is accepted once", () => {
  everyStory((story, _step, command, decision) => {
    if (command.kind !== "report" || decision.do === "nothing") return;
    const twin = new Story(story.maxAttempts);
    twin.state = story.state;
    twin.tokens.push(...story.tokens);
    twin.carryOut(decision);
    const again = decide(twin.state, command, { maxAttempts: story.maxAttempts });
    // Acknowledged again when it ended the task; the token of an attempt that is over says nothing else.
    expect(again).toEqual({ do: "nothing", why: decision.do === "end" ? "repeat" : "stale" });
  });
});

test("after a cancel request the task can only end cancelled", () => {
  everyStory((story, _step, _command, decision) => {
    if (story.state.status !== "running" || !story.state.cancelRequested || decision.do === "nothing") return;
    expect(decision).toEqual({ do: "end", status: TaskStatus.CANCELLED, reason: TaskReason.ABORTED });
  });
});

test("waiting work has no current token: nobody can report, lose or give up what nobody holds", () => {
  everyStory((story, _step, command, decision) => {
    if (story.state.status === "waiting" && "token" in command)
      expect(decision).toEqual({ do: "nothing", why: "stale" });
  });
});

test("a task expires only before its first attempt", () => {
  everyStory((story, _step, command, decision) => {
    if (command.kind !== "expire" || decision.do !== "end") return;
    expect(story.state).toEqual({ status: "waiting", attempts: 0, released: 0 });
    expect(decision).toEqual({ do: "end", status: TaskStatus.FAILED, reason: TaskReason.EXPIRED });
  });
});

test("only a report of success ends a task succeeded", () => {
  everyStory((_story, _step, command, decision) => {
    if (decision.do !== "end" || decision.status !== TaskStatus.SUCCEEDED) return;
    expect(command).toMatchObject({ kind: "report", report: { outcome: AttemptOutcome.SUCCEEDED } });
  });
});
