import { create, fromBinary } from "@bufbuild/protobuf";
import { committed } from "../../coordinator/engine/committed.ts";
import { sqliteStore } from "../../coordinator/plugins/store-sqlite/sqlite-store.ts";
import { LimitQueueRequestSchema } from "../../proto/gen/tss/v1/operator_service_pb.js";
import { AttemptOutcome, TaskSpecSchema } from "../../proto/gen/tss/v1/task_pb.js";
import { CALLER, type EngineHouse, startEngine, submit, TestWorker } from "./engine-house.ts";
import { freshSqlite } from "./sqlite-database.ts";

/** Few heads fit into memory, so that lanes are paged; nothing is lost by the clock. */
const CONFIG = { leaseTtlMs: 600_000, memoryHeads: 30 };

interface Held {
  readonly id: string;
  readonly token: number;
  readonly queue: string;
}

type Outcome = AttemptOutcome.SUCCEEDED | AttemptOutcome.RELEASED;

/**
 * An engine whose queues have limits, one worker that takes everything, and a ledger of both that knows nothing of the engine's
 * insides.
 */
export class LimitedHouse {
  readonly limits = new Map<string, number>();
  readonly submitted = new Map<string, number>();
  readonly ended = new Map<string, number>();
  /** Attempts that came while the worker held as many of their queue as may run. */
  readonly beyond: string[] = [];
  held: Held[] = [];
  credit = 0;
  #unacknowledged: (Held & { readonly outcome: Outcome })[] = [];
  #house!: EngineHouse;
  #worker!: TestWorker;
  readonly #url: string;
  readonly #before: EngineHouse[] = [];

  private constructor(url: string) {
    this.#url = url;
  }

  static async open(): Promise<LimitedHouse> {
    const house = new LimitedHouse(await freshSqlite());
    await house.restart();
    return house;
  }

  get state() {
    return this.#house.engine.state;
  }

  /** Another engine takes over, as after a crash: what the one before has not committed is gone. */
  async restart(): Promise<void> {
    if (this.#house !== undefined) this.#before.push(this.#house);
    const store = await sqliteStore.open(this.#url, { readConnections: 1, failpoint: () => {} });
    this.#house = await startEngine(store, CONFIG, true);
    const held = [...this.held, ...this.#unacknowledged].map(({ id, token }) => ({ id, token }) as never);
    // It goes on with its session: what was given to it and never reached it goes back.
    const sessionId = this.#worker?.sessionId ?? "";
    this.#worker = new TestWorker(this.#house, { held, credit: this.credit, sessionId });
    this.#worker.onLease = (lease) => this.#take(lease);
    for (const one of this.#unacknowledged) this.#worker.report(one, one.outcome);
  }

  #take({ id, token, spec }: { id: string; token: number; spec: Uint8Array }): void {
    const { queue } = fromBinary(TaskSpecSchema, spec);
    if (this.running(queue) >= (this.limits.get(queue) ?? Number.POSITIVE_INFINITY)) this.beyond.push(id);
    this.held.push({ id, token, queue });
    this.credit--;
  }

  running(queue: string): number {
    return this.held.filter((one) => one.queue === queue).length;
  }

  /** Tasks of the queue that are neither held nor over. */
  waiting(queue: string): number {
    return (this.submitted.get(queue) ?? 0) - (this.ended.get(queue) ?? 0) - this.running(queue);
  }

  async submit(queue: string, priority: number, fairnessKey: string, count: number): Promise<void> {
    await submit(this.#house, Array(count).fill({ command: "true", queue, priority, fairnessKey }));
    this.submitted.set(queue, (this.submitted.get(queue) ?? 0) + count);
  }

  offer(credit: number): void {
    this.credit += credit;
    this.#worker.credit(credit);
  }

  /** The worker is done with one of what it holds: it has ended, or goes back untouched. */
  report(index: number, outcome: Outcome): void {
    if (this.held.length === 0) return;
    const [one] = this.held.splice(index % this.held.length, 1) as [Held];
    this.credit++;
    this.#unacknowledged.push({ ...one, outcome });
    if (outcome === AttemptOutcome.SUCCEEDED) this.ended.set(one.queue, (this.ended.get(one.queue) ?? 0) + 1);
    this.#worker.report(one, outcome, { credit: 1 });
  }

  async limit(queue: string, limit: number): Promise<void> {
    const request = create(LimitQueueRequestSchema, { name: queue, limit });
    const { queue: answer } = await this.#house.operations.operator.limitQueue(CALLER, request);
    if (answer?.limit !== limit) throw new Error(`the limit is ${answer?.limit}`);
    if (limit === 0) this.limits.delete(queue);
    else this.limits.set(queue, limit);
  }

  /** Everything that was said is committed, and its answers have come. */
  async settled(): Promise<void> {
    await committed(this.state);
    await committed(this.state);
    const accepted = new Set(this.#worker.acks.map(({ id, token }) => `${id}/${token}`));
    this.#unacknowledged = this.#unacknowledged.filter(({ id, token }) => !accepted.has(`${id}/${token}`));
  }

  async close(): Promise<void> {
    for (const house of this.#before) await house.close();
    await this.#house.close();
  }
}
