import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { expand } from "./expand.ts";
import { matches } from "./pattern.ts";
import type { Answer, Program } from "./program.ts";
import type { Scenario, Step } from "./scenario.ts";
import type { Stage } from "./stage.ts";

type Words = Readonly<Record<string, unknown>>;

/** Longest time of one step. */
const STEP_MS = 20_000;
const LOOK_MS = 20;
const OF_THE_WORKER = new Set(["work", "release", "drain"]);

/** Whether the programs can do what the scenario needs. */
export async function canPlay({ needs = [] }: Scenario, stage: Stage): Promise<boolean> {
  const [submits, works] = [await stage.submits(), await stage.works()];
  return needs.every((need) => submits.can.has(need) && works.can.has(need));
}

/** @throws Error that says which step went otherwise, and how. */
export async function play(scenario: Scenario, stage: Stage): Promise<void> {
  const player = new Player(stage, await stage.works());
  try {
    for (const [index, step] of scenario.steps.entries())
      try {
        await within(player.take(step), STEP_MS);
      } catch (error) {
        const trouble = await player.trouble();
        throw new Error(`step ${index + 1} (${step.do}): ${(error as Error).message}${trouble}`);
      }
  } finally {
    await player.tidy();
    await stage.clear();
  }
}

class Player {
  readonly #stage: Stage;
  readonly #works: Program;
  readonly #kept = new Map<string, unknown>([["queue", `c-${randomUUID().slice(0, 18)}`]]);
  readonly #later = new Map<string, Promise<Answer>>();
  readonly #workers = new Set<string>();
  readonly #tasks = new Set<string>();

  constructor(stage: Stage, works: Program) {
    this.#stage = stage;
    this.#works = works;
  }

  async take(step: Step): Promise<void> {
    const words = expand(step.with ?? {}, this.#kept) as Words;
    const worker = String(words["worker"]);
    switch (step.do) {
      case "event":
        return this.#keep(step, await this.#works.event(words));
      case "wire":
        return this.#stage.lay(worker);
      case "cut":
        return this.#stage.wire(worker).cut();
      case "silence":
        return this.#stage.wire(worker).stop();
      case "flow":
        return this.#stage.wire(worker).flow();
      case "signal":
        return this.#works.signal(words["signal"] as NodeJS.Signals);
      case "exit":
        return this.#check(step, { ok: { code: await this.#works.ended } });
      case "answer":
        return this.#check(step, (await this.#later.get(String(words["of"]))) ?? { error: "it was not called" });
      case "until":
        return this.#until(step, words);
      case "each":
        await Promise.all((words["of"] as Words[]).map(({ id }) => this.#call(step, String(words["do"]), { id })));
        return;
      default:
        return this.#call(step, step.do, words);
    }
  }

  /** What the programs told people, for who reads of a failure. */
  async trouble(): Promise<string> {
    return [...new Set([await this.#stage.submits(), this.#works])]
      .filter(({ stderr }) => stderr !== "")
      .map(({ sdk, stderr }) => `\n${sdk}: ${stderr}`)
      .join("");
  }

  /** Nothing of this scenario goes on in the programs. */
  async tidy(): Promise<void> {
    if (this.#works.over) return;
    for (const task of this.#tasks) void this.#works.call("release", { task });
    const closing = [...this.#workers].map((worker) => this.#works.call("drain", { worker, graceMs: 0 }));
    await within(Promise.all(closing), 5_000).catch(() => this.#works.signal("SIGKILL"));
  }

  async #call(step: Step, action: string, words: Words): Promise<void> {
    // One that was ended by its scenario is started again.
    const program = OF_THE_WORKER.has(action) ? this.#works : await this.#stage.submits();
    const answer = program.call(action, this.#complete(action, words));
    if (!step.later) return this.#check(step, await answer);
    this.#later.set(step.as ?? "", answer);
  }

  #complete(action: string, words: Words): Words {
    const queue = this.#kept.get("queue");
    const task = (one: unknown) => ({ queue, type: "conformance", ...(one as Words) });
    if (action === "submit") return { ...words, task: task(words["task"]) };
    if (action === "submitMany") return { ...words, tasks: (words["tasks"] as unknown[]).map(task) };
    if (action !== "work") return words;
    const worker = String(words["worker"] ?? "worker");
    this.#workers.add(worker);
    const address = this.#stage.addressOf(worker);
    return { queues: [queue], ...(address === undefined ? {} : { address }), ...words, worker };
  }

  async #until(step: Step, words: Words): Promise<void> {
    const pattern = expand(step.expect, this.#kept);
    const deadline = performance.now() + STEP_MS;
    while (true) {
      const answer = await (await this.#stage.submits()).call("get", words);
      if ("ok" in answer && matches(answer.ok, pattern)) return;
      if (performance.now() > deadline) throw new Error(`it is ${shown(answer)}`);
      await pause(LOOK_MS);
    }
  }

  #check(step: Step, answer: Answer): void {
    const failed = "error" in answer;
    const pattern = expand(failed ? step.fails : step.expect, this.#kept);
    const wanted = failed === (step.fails !== undefined);
    if (!wanted || (pattern !== undefined && !matches(failed ? answer.error : answer.ok, pattern)))
      throw new Error(`the answer is ${shown(answer)}; expected ${shown(step.fails ?? pattern ?? "no error")}`);
    if ("ok" in answer) this.#keep(step, answer.ok);
  }

  #keep({ as }: Step, value: unknown): void {
    if (as !== undefined) this.#kept.set(as, value);
    const { results = [] } = value as { results?: unknown[] };
    for (const { id } of [value, ...results] as { id?: string }[]) if (id !== undefined) this.#tasks.add(id);
  }
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 1_500 ? `${text.slice(0, 1_500)}…` : text;
}

async function within<T>(promise: Promise<T>, milliseconds: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`it took longer than ${milliseconds / 1000} s`)), milliseconds);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
