import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { decodeWorkRequest } from "../../coordinator/api/decode-work.ts";
import { Engine } from "../../coordinator/engine/engine.ts";
import { LogBook } from "../../coordinator/engine/log-book.ts";
import type { EngineConfig, EngineObserver } from "../../coordinator/engine/state.ts";
import { BulkHost } from "../../coordinator/operations/bulk/bulk-host.ts";
import type { BulkRecord } from "../../coordinator/operations/bulk/bulk-record.ts";
import { createOperations } from "../../coordinator/operations/create-operations.ts";
import type {
  LeaseGrant,
  Operations,
  WorkAnswer,
  WorkAttachment,
  WorkerMessage,
} from "../../coordinator/operations/operations.ts";
import { readMasterKeys } from "../../coordinator/operations/secrets/master-keys.ts";
import type { Blobs, LogChunk } from "../../coordinator/ports/blobs.ts";
import type { Store } from "../../coordinator/ports/store.ts";
import { Cells } from "../../coordinator/stats/cells.ts";
import { FailureBook } from "../../coordinator/stats/failure-book.ts";
import { noteFailure, type Stats, startStats } from "../../coordinator/stats/start-stats.ts";
import { Role } from "../../proto/gen/tss/v1/operator_service_pb.js";
import { AttemptOutcome, type TaskReason, TaskSpecSchema } from "../../proto/gen/tss/v1/task_pb.js";
import { WorkRequestSchema } from "../../proto/gen/tss/v1/worker_service_pb.js";
import { type Clock, systemClock } from "../../runtime/clock.ts";
import { silentLogger } from "../../runtime/logger.ts";
import { noTracer, type TaskTracer } from "../../runtime/tracing.ts";
import { TEST_CONFIG } from "./engine-config.ts";
import { received } from "./received.ts";

export const CALLER = { keyId: "testkey00000", role: Role.ADMIN };

const ignored = () => {};
const observerOf = (cells: Cells, failed: NonNullable<EngineObserver["failed"]>): EngineObserver => ({
  submitted: cells.submitted.bind(cells),
  started: cells.started.bind(cells),
  attemptFinished: cells.attemptFinished.bind(cells),
  finished: cells.finished.bind(cells),
  flushed: cells.flushed.bind(cells),
  timerLag: ignored,
  lockGranted: ignored,
  failed,
});

/** Of every test that keeps secrets. */
export const TEST_MASTER_KEY = Buffer.alloc(32, 7).toString("base64");

export interface EngineHouse {
  readonly engine: Engine;
  readonly operations: Operations;
  readonly stats: Stats;
  /** Jobs on many tasks that have ended by themselves. */
  readonly bulkEnds: readonly BulkRecord[];
  readonly stopped: Promise<Error>;
  /** Stops in good order and closes the store. */
  close(): Promise<void>;
}

/** An engine on a store, without a network. */
export async function startEngine(
  store: Store,
  config: Partial<EngineConfig> = {},
  takeover = false,
  tracer: TaskTracer = noTracer,
  clock: Clock = systemClock,
  shared = false,
): Promise<EngineHouse> {
  let tell: (error: Error) => void = ignored;
  const stopped = new Promise<Error>((resolve) => {
    tell = resolve;
  });
  const cells = new Cells();
  const failures = new FailureBook();
  const engine: Engine = await Engine.start({
    store,
    config: { ...TEST_CONFIG, ...config },
    clock,
    logger: silentLogger,
    observer: observerOf(cells, (failure) => noteFailure(failures, engine.state, failure)),
    tracer,
    address: "test",
    takeover,
    shared,
    onStopped: tell,
  });
  const logs = new LogBook(memoryBlobs(), 1024 * 1024, silentLogger);
  const stats = await startStats(engine.state, cells, failures, silentLogger, "5.0.0");
  const bulkEnds: BulkRecord[] = [];
  const parts = {
    state: engine.state,
    callerOf: async () => CALLER,
    onEnd: (record: BulkRecord) => void bulkEnds.push(record),
  };
  const bulks = new BulkHost(parts, silentLogger);
  const facts = { version: "5.0.0", schemaVersion: 1, startedAt: Date.now() };
  const operations = createOperations(engine.state, logs, stats, bulks, facts, readMasterKeys([TEST_MASTER_KEY]));
  bulks.start(operations.tasks);
  return {
    engine,
    operations,
    stats,
    bulkEnds,
    stopped,
    close: async () => {
      await bulks.close();
      await stats.stop();
      await engine.stop();
      await store.close();
    },
  };
}

export function memoryBlobs(): Blobs {
  const kept: LogChunk[] = [];
  return {
    append: async (chunks) => {
      kept.push(...chunks);
    },
    read: async (ref, attempt, offset) =>
      kept.filter((c) => c.ref.seq === ref.seq && c.attempt === attempt && c.offset + c.data.length > offset),
    prune: async () => 0,
    close: async () => {},
  };
}

type SpecInit = Parameters<typeof create<typeof TaskSpecSchema>>[1];

/** Submits and gives the ids; throws on the first item that was refused. */
export async function submit(house: EngineHouse, specs: SpecInit[], requestId = ""): Promise<string[]> {
  const tasks = specs.map((spec) => create(TaskSpecSchema, { name: "test", ...(spec as object) }));
  const answers = await house.operations.tasks.submitTasks(CALLER, received({ tasks, requestId }));
  return answers.map((answer) => {
    if ("id" in answer) return answer.id;
    throw new Error(`refused: ${answer.message}`);
  });
}

/** A message as the edge hands it on. */
function workerMessage(init: MessageInitShape<typeof WorkRequestSchema>): WorkerMessage {
  return decodeWorkRequest(toBinary(WorkRequestSchema, create(WorkRequestSchema, init)));
}

/** A worker on a stream without a network: what it was given, and its voice. */
export class TestWorker {
  readonly leases: LeaseGrant[] = [];
  readonly cancels: NonNullable<WorkAnswer["cancels"]>[number][] = [];
  readonly moved: NonNullable<WorkAnswer["moved"]>[number][] = [];
  adoption: WorkAnswer["adoption"];
  coordinators: readonly string[] = [];
  readonly acks: NonNullable<WorkAnswer["outcomeAcks"]>[number][] = [];
  sessionId = "";
  welcome: WorkAnswer["welcome"];
  ended: Error | undefined | null = null;
  onLease: (lease: LeaseGrant) => void = ignored;
  onAck: (ack: { readonly id: string; readonly accepted: boolean }) => void = ignored;
  #attachment: WorkAttachment;
  #waiting: (() => void)[] = [];

  constructor(
    house: EngineHouse,
    options: {
      credit?: number;
      types?: string[];
      queues?: string[];
      commands?: boolean;
      labels?: Record<string, string>;
      resources?: Record<string, number>;
      sessionId?: string;
      held?: readonly LeaseGrant[];
      keyId?: string;
    } = {},
  ) {
    const first = workerMessage({
      hello: {
        worker: {
          name: "test-worker",
          slots: 100,
          types: options.types ?? ["work"],
          queues: options.queues ?? [],
          commands: options.commands ?? true,
          labels: options.labels ?? {},
          resources: options.resources ?? {},
        },
        sessionId: options.sessionId ?? "",
        again: options.sessionId !== undefined,
        held: (options.held ?? []).map(({ id, token }) => ({ id, fencingToken: BigInt(token) })),
        credit: options.credit ?? 0,
      },
    });
    const caller = { ...CALLER, keyId: options.keyId ?? CALLER.keyId };
    this.#attachment = house.operations.workers.attach(caller, first, {
      send: (answer) => this.#take(answer),
      acknowledge: (id, token, accepted) => this.#take({ outcomeAcks: [{ id, token, accepted }] }),
      onDrained: ignored,
      end: (error) => {
        this.ended = error;
        this.#tell();
      },
    });
  }

  #take(answer: WorkAnswer): boolean {
    if (answer.welcome !== undefined) {
      this.welcome = answer.welcome;
      this.sessionId = answer.welcome.sessionId;
    }
    this.leases.push(...(answer.leases ?? []));
    this.cancels.push(...(answer.cancels ?? []));
    this.acks.push(...(answer.outcomeAcks ?? []));
    this.moved.push(...(answer.moved ?? []));
    this.adoption = answer.adoption ?? this.adoption;
    if ((answer.coordinators?.length ?? 0) > 0) this.coordinators = answer.coordinators ?? [];
    for (const lease of answer.leases ?? []) this.onLease(lease);
    for (const ack of answer.outcomeAcks ?? []) this.onAck(ack);
    this.#tell();
    return true;
  }

  #tell(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }

  /** Resolves as soon as the condition holds. */
  async until(condition: (worker: this) => boolean): Promise<void> {
    while (!condition(this)) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  credit(credit: number): void {
    this.#attachment.receive(workerMessage({ credit }));
  }

  /** What it holds of a session with another coordinator. */
  announce(sessionId: string, held: readonly Pick<LeaseGrant, "id" | "token">[]): void {
    const leases = held.map(({ id, token }) => ({ id, fencingToken: BigInt(token) }));
    this.#attachment.receive(workerMessage({ announcements: [{ sessionId, held: leases }] }));
  }

  beat(): void {
    this.say({});
  }

  say(message: MessageInitShape<typeof WorkRequestSchema>): void {
    this.#attachment.receive(workerMessage(message));
  }

  report(
    lease: Pick<LeaseGrant, "id" | "token">,
    outcome: AttemptOutcome = AttemptOutcome.SUCCEEDED,
    more: {
      reason?: TaskReason;
      exitCode?: number;
      credit?: number;
      nonRetryable?: boolean;
      data?: Uint8Array;
      startedAt?: Timestamp;
      error?: { readonly type?: string; readonly message?: string };
      signal?: string;
    } = {},
  ): void {
    const { credit, data, ...facts } = more;
    this.#attachment.receive(
      workerMessage({
        credit: credit ?? 0,
        outcomes: [
          {
            id: lease.id,
            fencingToken: BigInt(lease.token),
            outcome,
            result: data === undefined ? undefined : { data, contentType: "application/json" },
            ...facts,
          },
        ],
      }),
    );
  }

  /** From now on every lease succeeds at once, and its slot is offered again. */
  succeedAll(): void {
    this.onLease = (lease) => this.report(lease, AttemptOutcome.SUCCEEDED, { credit: 1 });
  }

  drop(): void {
    this.#attachment.closed();
  }
}

export function specBytesOf(spec: SpecInit): Uint8Array {
  return toBinary(TaskSpecSchema, create(TaskSpecSchema, spec));
}
