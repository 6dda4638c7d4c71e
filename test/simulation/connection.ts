import type { WorkAnswer, WorkAttachment, WorkerMessage, WorkStream } from "../../coordinator/operations/operations.ts";
import { attachWorker } from "../../coordinator/operations/worker-session.ts";
import { CALLER } from "../support/engine-house.ts";
import type { SimCoordinator, WorkerLink } from "./coordinator.ts";
import type { House } from "./house.ts";
import { leaseKey } from "./ledger.ts";
import type { SimProcess } from "./sim-process.ts";

interface WorkerEnd {
  take(answer: WorkAnswer): void;
  broken(): void;
}

/**
 * A stream between a worker and a coordinator: what is sent arrives in order, or the stream breaks, which either end learns
 * in its own time.
 */
export class WorkerConnection {
  readonly coordinator: SimCoordinator;
  readonly #house: House;
  readonly #worker: SimProcess;
  readonly #end: WorkerEnd;
  readonly #link: WorkerLink = { leases: new Set(), heard: [] };
  #attachment: WorkAttachment | null = null;
  /** Nothing passes any more. */
  #cut = false;
  /** The coordinator has ended it, or knows that it is broken. */
  #over = false;
  #workerKnows = false;
  /** Moments before which nothing may arrive, for the order. */
  #toCoordinator = 0;
  #toWorker = 0;

  constructor(house: House, coordinator: SimCoordinator, worker: SimProcess, end: WorkerEnd) {
    this.#house = house;
    this.coordinator = coordinator;
    this.#worker = worker;
    this.#end = end;
    coordinator.process.onDeath(() => this.#tellWorker());
    worker.onDeath(() => this.cut());
  }

  open(first: WorkerMessage): void {
    for (const { id, fencingToken } of first.hello?.held ?? []) this.#link.leases.add(leaseKey(id, fencingToken));
    this.#arrive("hello", () => {
      const { engine, logs, links } = this.coordinator;
      if (engine === null || engine.state.stopped !== null) return this.#tellWorker();
      links.add(this.#link);
      this.#link.heard.push(this.#house.world.time);
      this.#attachment = attachWorker(engine.state, logs, CALLER, first, this.#stream());
    });
  }

  send(message: WorkerMessage): void {
    this.#arrive("says", () => {
      if (this.#over) return;
      this.#link.heard.push(this.#house.world.time);
      this.#attachment?.receive(message);
    });
  }

  /** Both ends learn it, each in its time. */
  cut(): void {
    if (this.#cut) return;
    this.#cut = true;
    this.#tellWorker();
    const { process } = this.coordinator;
    process.step(this.#house.world.chance.between(0, 2_000), `${process.name} learns of a broken stream`, () => {
      this.#over = true;
      this.#attachment?.closed();
    });
  }

  #arrive(what: string, run: () => void): void {
    const { world } = this.#house;
    this.#toCoordinator = Math.max(this.#toCoordinator, world.time + this.#house.latency());
    const { process } = this.coordinator;
    // A process that is stopped handles what has come in the order in which it came: so the queue is one of the process.
    this.#inOrder(process, this.#toCoordinator - world.time, `${this.#worker.name} ${what} to ${process.name}`, run);
  }

  readonly #waiting = new Map<SimProcess, (() => void)[]>();

  #inOrder(process: SimProcess, delay: number, what: string, run: () => void): void {
    const queue = this.#waiting.get(process) ?? [];
    this.#waiting.set(process, queue);
    queue.push(run);
    process.step(delay, what, () => {
      const next = queue.shift();
      if (!this.#cut) next?.();
    });
  }

  #stream(): WorkStream {
    const send = (answer: WorkAnswer) => {
      // What a dead process would say nobody hears.
      if (this.#cut || this.#over || !this.coordinator.process.alive) return true;
      for (const { id, token } of answer.leases ?? []) this.#link.leases.add(leaseKey(id, token));
      const { world } = this.#house;
      this.#toWorker = Math.max(this.#toWorker, world.time + this.#house.latency());
      const what = `${this.#worker.name} hears ${Object.keys(answer).join(" ")}`;
      this.#inOrder(this.#worker, this.#toWorker - world.time, what, () => this.#end.take(answer));
      return !(this.#house.stormy && world.chance.odds(0.01));
    };
    return {
      send,
      acknowledge: (id, token, accepted) => send({ outcomeAcks: [{ id, token, accepted }] }),
      onDrained: (callback) =>
        this.coordinator.process.step(this.#house.world.chance.between(0, 50), "a stream is drained", callback),
      end: () => {
        this.#over = true;
        this.#tellWorker();
      },
    };
  }

  #tellWorker(): void {
    if (this.#workerKnows) return;
    this.#workerKnows = true;
    const { world } = this.#house;
    this.#worker.step(world.chance.between(0, 500), `${this.#worker.name} learns of a broken stream`, () =>
      this.#end.broken(),
    );
  }
}
