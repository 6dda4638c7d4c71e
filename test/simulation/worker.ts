import { create } from "@bufbuild/protobuf";
import type { LeaseGrant, WorkAnswer, WorkerMessage } from "../../coordinator/operations/operations.ts";
import { AttemptOutcome, TaskReason } from "../../proto/gen/tss/v1/task_pb.js";
import { HelloSchema } from "../../proto/gen/tss/v1/worker_service_pb.js";
import { WorkerConnection } from "./connection.ts";
import type { House } from "./house.ts";
import { type Ledger, leaseKey, type Run } from "./ledger.ts";
import { SimProcess } from "./sim-process.ts";
import { Violation } from "./world.ts";

/** Attempts at a time. */
const SLOTS = 3;

interface Held {
  readonly run: Run;
  outcome: AttemptOutcome | null;
}

const EMPTY: WorkerMessage = {
  hello: undefined,
  credit: 0,
  draining: false,
  creditWithdrawn: 0,
  announcements: [],
  outcomes: [],
  starts: [],
  progress: [],
  logs: [],
};

/** A worker as the SDKs and the agent are: it goes on without its coordinator, and reports until it is heard. */
export class SimWorker {
  readonly process: SimProcess;
  readonly #house: House;
  readonly #ledger: Ledger;
  #sessionId: string;
  /** By id and token. */
  readonly #held = new Map<string, Held>();
  #connection: WorkerConnection | null = null;
  /** Leases that may still come. */
  #offered = SLOTS;
  #heardAt = 0;

  constructor(house: House, ledger: Ledger, name: string) {
    this.#house = house;
    this.#ledger = ledger;
    this.process = new SimProcess(house.world, name, () => 0);
    this.#sessionId = `w_${name.padEnd(20, "x")}`;
    this.process.every(house.plan.config.leaseTtlMs / 3, () => this.#beat());
    this.#connect(1);
  }

  /** Nothing is held, and nothing waits to be heard. */
  get idle(): boolean {
    return this.#held.size === 0;
  }

  get sessionId(): string {
    return this.#sessionId;
  }

  get offered(): number {
    return this.#offered;
  }

  get connection(): WorkerConnection | null {
    return this.#connection;
  }

  #connect(delay: number): void {
    const { process } = this;
    process.step(delay, `${process.name} connects`, () => {
      const { serving, world } = this.#house;
      if (this.#connection !== null) return;
      if (serving.length === 0) return this.#connect(world.chance.between(20, 300));
      const connection: WorkerConnection = new WorkerConnection(this.#house, world.chance.pick(serving), process, {
        take: (answer) => this.#connection === connection && this.#take(answer),
        broken: () => this.#connection === connection && this.#broken(),
      });
      this.#connection = connection;
      this.#heardAt = world.time;
      const hello = create(HelloSchema, {
        worker: { name: process.name, slots: SLOTS, types: ["work"] },
        sessionId: this.#sessionId,
        held: [...this.#held.values()].map(({ run }) => ({ id: run.id, fencingToken: BigInt(run.token) })),
        credit: this.#offered,
      });
      connection.open({ ...EMPTY, hello });
    });
  }

  #broken(): void {
    this.#connection?.cut();
    this.#connection = null;
    this.#connect(this.#house.world.chance.between(5, 400));
  }

  #beat(): void {
    if (this.#connection === null) return;
    // A coordinator that is stopped, or beyond a network that swallows everything.
    if (this.#house.world.time - this.#heardAt > this.#house.plan.config.leaseTtlMs * 1.5) return this.#broken();
    this.#connection.send(EMPTY);
  }

  #take(answer: WorkAnswer): void {
    this.#heardAt = this.#house.world.time;
    const { welcome } = answer;
    if (welcome !== undefined) {
      this.#sessionId = welcome.sessionId;
      for (const { id, fencingToken } of welcome.refused) this.#drop(leaseKey(id, fencingToken));
      for (const held of this.#held.values()) this.#report(held, 0);
    }
    for (const lease of answer.leases ?? []) this.#begin(lease);
    for (const { id, token } of answer.cancels ?? []) this.#end(leaseKey(id, token), AttemptOutcome.CANCELLED, 20);
    for (const { id, token, accepted } of answer.outcomeAcks ?? []) this.#acknowledged(leaseKey(id, token), accepted);
  }

  #begin({ id, token, attempt, maxAttempts }: LeaseGrant): void {
    const { world } = this.#house;
    const { chance } = world;
    const key = leaseKey(id, token);
    this.#offered--;
    if (this.#held.has(key)) throw new Violation("one-run", `the lease ${token} of ${id} came twice`);
    if (this.#held.size >= SLOTS) throw new Violation("credit", `${this.process.name} was given more than it offered`);
    const run: Run = { id, token, attempt, maxAttempts, worker: this.process.name, outcome: null, accepted: null };
    world.note(`${this.process.name} runs ${id} attempt ${attempt} token ${token}`);
    this.#ledger.started(run);
    this.#held.set(key, { run, outcome: null });
    const fate = this.#house.stormy ? chance.draw() : 0;
    const outcome =
      fate < 0.75 ? AttemptOutcome.SUCCEEDED : fate < 0.95 ? AttemptOutcome.FAILED : AttemptOutcome.RELEASED;
    this.#end(key, outcome, chance.odds(0.2) ? chance.between(0, 4_000) : chance.between(0, 100));
  }

  #end(key: string, outcome: AttemptOutcome, delay: number): void {
    this.process.step(delay, `${this.process.name} ends ${key}`, () => {
      const held = this.#held.get(key);
      if (held === undefined || held.outcome !== null) return;
      held.outcome = outcome;
      held.run.outcome = outcome;
      this.#report(held, 0);
      const { weather } = this.#house.plan;
      if (this.#house.stormy && this.#house.world.chance.odds(weather.duplicates)) this.#report(held, 0);
    });
  }

  #report({ run, outcome }: Held, credit: number): void {
    if (outcome === null) return;
    const reason = outcome === AttemptOutcome.FAILED ? TaskReason.HANDLER_ERROR : TaskReason.UNSPECIFIED;
    const nothing = { exitCode: undefined, signal: "", error: undefined, result: null, startedAt: 0, endedAt: 0 };
    const more = { survivors: 0, outputBytes: 0, nonRetryable: false, retryAfterMs: undefined };
    const report = { id: run.id, token: run.token, outcome, reason, ...nothing, ...more };
    this.#connection?.send({ ...EMPTY, credit, outcomes: [report] });
  }

  #acknowledged(key: string, accepted: boolean): void {
    const held = this.#held.get(key);
    if (held === undefined) return;
    if (accepted) this.#ledger.acknowledged(held.run, held.outcome as AttemptOutcome);
    this.#drop(key);
  }

  /** The slot is free again. */
  #drop(key: string): void {
    if (!this.#held.delete(key)) return;
    this.#offered++;
    this.#connection?.send({ ...EMPTY, credit: 1 });
  }
}
