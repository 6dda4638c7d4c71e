import { create } from "@bufbuild/protobuf";
import { cancelTask } from "../../coordinator/engine/cancel.ts";
import type { EngineState } from "../../coordinator/engine/state.ts";
import { describeTask } from "../../coordinator/operations/describe-task.ts";
import { findTask, readId } from "../../coordinator/operations/find-task.ts";
import { lockOperations } from "../../coordinator/operations/operate-locks.ts";
import type { SubmitAnswer } from "../../coordinator/operations/operations.ts";
import { retryTasks } from "../../coordinator/operations/retry-tasks.ts";
import { submitTasks } from "../../coordinator/operations/submit-tasks.ts";
import { TssError } from "../../proto/errors.ts";
import { AcquireLockRequestSchema, ReleaseLockRequestSchema } from "../../proto/gen/tss/v1/lock_service_pb.js";
import { TaskSpecSchema, TaskStatus } from "../../proto/gen/tss/v1/task_pb.js";
import { RetryTasksRequestSchema } from "../../proto/gen/tss/v1/task_service_pb.js";
import { CALLER } from "../support/engine-house.ts";
import { received } from "../support/received.ts";
import type { House } from "./house.ts";
import type { Ledger } from "./ledger.ts";
import { Violation } from "./world.ts";

/** Codes after which nothing is known, or the same may be asked again. */
const AGAIN: ReadonlySet<string> = new Set(["UNAVAILABLE", "RESOURCE_EXHAUSTED", "ABORTED", "DEADLINE_EXCEEDED"]);

const seconds = (ms: number) => ({ seconds: BigInt(Math.floor(ms / 1_000)), nanos: (ms % 1_000) * 1_000_000 });

/** A program that uses TSS: it sends a request again, unchanged, until it is told what has become of it. */
export class SimClient {
  readonly #house: House;
  readonly #ledger: Ledger;
  readonly #name: string;
  #requests = 0;
  done = false;
  /** What it waits for. */
  asks = "";

  constructor(house: House, ledger: Ledger, name: string) {
    this.#house = house;
    this.#ledger = ledger;
    this.#name = name;
  }

  /** Ends when every request has its answer. */
  async run(requests: number): Promise<void> {
    const { world, plan } = this.#house;
    const { chance } = world;
    for (let request = 0; request < requests; request++) {
      await world.sleep(chance.between(0, (plan.weather.stormMs * 1.2) / requests), `${this.#name} wakes`);
      const known = [...this.#ledger.acked.keys()];
      const kind = known.length === 0 ? 0 : chance.draw();
      if (kind < 0.6) await this.#submit();
      else if (kind < 0.78) await this.#cancel(chance.pick(known));
      else if (kind < 0.84) await this.#retry(chance.pick(known));
      else if (kind < 0.92) await this.#lock();
      else await this.#look(chance.pick(known));
    }
    this.done = true;
  }

  async #submit(): Promise<void> {
    const { chance } = this.#house.world;
    const base = `${this.#name}-${++this.#requests}`;
    const keyed = chance.odds(0.35);
    const requestId = keyed && chance.odds(0.5) ? "" : `r-${base}`;
    const count = chance.odds(0.1) ? 12 : 1 + chance.below(3);
    const names = Array.from({ length: count }, (_, index) => `${base}-${index}`);
    const tasks = names.map((name) => this.#spec(name, keyed && (requestId === "" || chance.odds(0.5))));
    const request = received({ tasks, requestId });
    const answers = await this.#ask("submit", (state) => submitTasks(state, CALLER, request), true);
    for (const [index, answer] of (answers as readonly SubmitAnswer[]).entries()) {
      if (!("id" in answer)) throw new Violation("accepted", `${names[index]} was refused: ${answer.message}`);
      this.#ledger.accepted(names[index] as string, answer.id);
    }
  }

  #spec(name: string, keyed: boolean) {
    const { chance } = this.#house.world;
    const delay = chance.odds(0.25) ? Math.floor(chance.between(1, 4_000)) : 0;
    return create(TaskSpecSchema, {
      name,
      type: "work",
      queue: chance.pick(["a", "b"]),
      priority: chance.below(2),
      retry: { limit: chance.below(4), interval: seconds(chance.pick([0, 20, 1_500])) },
      ...(delay > 0 ? { delay: seconds(delay) } : {}),
      ...(chance.odds(0.1) ? { expires: seconds(Math.floor(chance.between(100, 5_000))) } : {}),
      ...(keyed ? { idempotencyKey: `key-${name}` } : {}),
    });
  }

  async #cancel(id: string): Promise<void> {
    const outcome = await this.#ask("cancel", (state) => cancelTask(state, readId(state, id), CALLER.keyId));
    if (outcome === "changed") this.#ledger.cancelled.add(id);
    if (outcome === "unknown" && !this.#house.forgets(id))
      throw new Violation("lost-task", `the cancel of ${id} does not find it`);
  }

  async #retry(id: string): Promise<void> {
    const request = create(RetryTasksRequestSchema, { ids: [id], requestId: `t-${this.#name}-${++this.#requests}` });
    await this.#ask("retry", async (state) => {
      const { results } = await retryTasks(state, CALLER, request);
      const result = results[0]?.result;
      // UNAVAILABLE and its like: asked again.
      if (result?.case === "error" && [4, 8, 10, 14].includes(result.value.code))
        throw new TssError("UNAVAILABLE", result.value.message, { reason: "AGAIN" });
      return result?.case === "task" ? result.value.id : null;
    });
  }

  async #look(id: string): Promise<void> {
    const status = await this.#ask(
      "get",
      async (state) => describeTask(state, await findTask(state, id), "full").status,
    );
    if (status === "NOT_FOUND") {
      if (!this.#house.forgets(id)) throw new Violation("lost-task", `${id} was accepted and is not found`);
      return;
    }
    this.#ledger.saw(id, status as number, (status as number) >= TaskStatus.SUCCEEDED);
  }

  /** Takes a lock, holds it for a while and gives it back, or leaves it to its term. */
  async #lock(): Promise<void> {
    const { world } = this.#house;
    const { chance } = world;
    const name = chance.pick(["one", "two"]);
    const requestId = `l-${this.#name}-${++this.#requests}`;
    const wait = seconds(Math.floor(chance.between(0, 2_000)));
    const request = create(AcquireLockRequestSchema, {
      name,
      requestId,
      wait,
      ttl: seconds(1_000 + chance.below(2_000)),
    });
    const { signal } = new AbortController();
    const held = await this.#ask("lock", (state) => lockOperations(state).acquireLock(CALLER, request, signal), true);
    if (typeof held === "string" || held.token === 0n) return;
    this.#house.journal.locks.checkGrant(name, Number(held.token));
    await world.sleep(chance.between(0, 1_500), `${this.#name} holds ${name}`);
    if (chance.odds(0.3)) return;
    const release = create(ReleaseLockRequestSchema, { name, token: held.token });
    await this.#ask("unlock", (state) => lockOperations(state).releaseLock(CALLER, release));
  }

  /** The answer, or the code of a refusal that is final. @param twice the request may come twice. */
  async #ask<T>(what: string, op: (state: EngineState) => Promise<T>, twice = false): Promise<T | string> {
    const { world } = this.#house;
    this.asks = what;
    for (;;) {
      const answer = await this.#send(`${this.#name} ${what}`, op, twice);
      if (!(answer instanceof Error)) return answer;
      if (!(answer instanceof TssError)) throw answer;
      if (!AGAIN.has(answer.code)) return answer.code;
      await world.sleep(world.chance.between(10, 300), `${this.#name} ${what} again`);
    }
  }

  #send<T>(what: string, op: (state: EngineState) => Promise<T>, twice: boolean): Promise<T | Error> {
    const house = this.#house;
    const { world } = house;
    const { weather } = house.plan;
    const { promise, resolve } = Promise.withResolvers<T | Error>();
    const serving = house.serving;
    const unavailable = new TssError("UNAVAILABLE", "nobody is there", { reason: "GONE" });
    if (serving.length === 0) return Promise.resolve(unavailable);
    const coordinator = world.chance.pick(serving);
    const isLost = () => house.stormy && world.chance.odds(weather.loss);
    const answer = (value: T | Error) => {
      if (coordinator.process.alive && !isLost())
        world.after(house.latency(), `${what} answered`, () => resolve(value));
    };
    const times = twice && house.stormy && world.chance.odds(weather.duplicates) ? 2 : 1;
    for (let time = 0; time < times; time++)
      if (!isLost())
        coordinator.process.step(house.latency() * (1 + 10 * time), `${what} at ${coordinator.name}`, () => {
          const state = coordinator.engine?.state;
          if (state === undefined || state.stopped !== null) answer(unavailable);
          else void op(state).then(answer, answer);
        });
    world.after(world.chance.between(500, 6_000), `${what} is given up`, () => resolve(unavailable));
    return promise;
  }
}
