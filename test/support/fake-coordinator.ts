import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import type { TaskReason, TaskSpecSchema } from "../../proto/gen/tss/v1/task_pb.js";
import {
  CancelOrderSchema,
  type Lease,
  LeaseSchema,
  LogAckSchema,
  type LogReport,
  LogReportSchema,
  type OutcomeReport,
  type ProgressReport,
  ProgressReportSchema,
  WorkRequestSchema,
  WorkResponseSchema,
} from "../../proto/gen/tss/v1/worker_service_pb.js";
import { WireReader } from "../../proto/wire-reader.ts";
import { WireWriter } from "../../proto/wire-writer.ts";
import { type HandlerReport, writeReport } from "../../sdk/typescript/worker/handler-report.ts";
import { type ReceivedLease, readLease } from "../../sdk/typescript/worker/received-lease.ts";
import type { OpenWorkSession, WorkSessionOptions } from "../../sdk/typescript/worker/work-session-types.ts";

type SpecInit = MessageInitShape<typeof TaskSpecSchema>;
export type LeaseOptions = Partial<Omit<MessageInitShape<typeof LeaseSchema>, "spec" | "$typeName">>;

export interface Given {
  readonly id: string;
  readonly fencingToken: bigint;
}

/** A coordinator without a wire: gives leases, remembers what it is told, and lets a test wait for it. */
export interface FakeCoordinator {
  readonly open: OpenWorkSession;
  /** Leases the agent would take now. */
  readonly credit: number;
  /** What the agent announces as held. */
  held(): readonly Given[];
  lease(spec: SpecInit, options?: LeaseOptions): Given;
  cancel(given: Given, reason: TaskReason): void;
  drain(): void;
  /** The stream broke and is back; `refused` go to somebody else. */
  reconnect(refused?: readonly Given[]): void;
  started(given: Given): Promise<void>;
  outcome(given: Given): Promise<OutcomeReport>;
  progress(given: Given): readonly ProgressReport[];
  logs(given: Given): readonly LogReport[];
  output(given: Given): Buffer;
  /** Resolves as soon as `condition` holds; looked at whenever the agent says something. */
  until(condition: () => boolean): Promise<void>;
  /** Acknowledges by itself, as long as it is true. */
  answering: { outcomes: boolean; logs: boolean };
  acknowledge(given: Given, accepted?: boolean): void;
  acknowledgeLog(given: Given, offset: number, full?: boolean): void;
  /** Bytes of output after which it wants no more of an attempt. */
  logLimit: number;
  /** Contact ends: what it was last told counts as the last thing heard. */
  silence(): void;
  readonly outcomes: readonly OutcomeReport[];
}

let lastId = 0;

/** A lease as a session hands it on. */
function received(lease: Lease): ReceivedLease {
  const reader = new WireReader(toBinary(WorkResponseSchema, create(WorkResponseSchema, { leases: [lease] })));
  reader.tag();
  return readLease(reader);
}

/** A handler's report as it arrives. */
function carried(report: HandlerReport): OutcomeReport {
  const writer = new WireWriter();
  writeReport(writer, 3, report);
  return fromBinary(WorkRequestSchema, writer.finish()).outcomes[0] as OutcomeReport;
}

export function createFakeCoordinator(leaseTtlMs = 15_000): FakeCoordinator {
  let session: WorkSessionOptions | undefined;
  let credit = 0;
  let silentSince: number | undefined;
  const startedIds = new Set<string>();
  const outcomes: OutcomeReport[] = [];
  const logs: LogReport[] = [];
  const progress: ProgressReport[] = [];
  const watchers = new Set<() => void>();
  const events = () => {
    if (session === undefined) throw new Error("no agent has opened a session");
    return session.events;
  };
  const tell = (): void => {
    for (const look of watchers) look();
  };
  const is =
    (given: Given) =>
    (other: Given): boolean =>
      other.id === given.id && other.fencingToken === given.fencingToken;

  const phases = new Map<string, "full" | "tail">();
  /** What comes before the limit is kept, and of what comes later the tail, which begins with a gap. */
  const acknowledgeLater = (log: LogReport, end: number): void => {
    const phase = phases.get(log.id);
    if (phase === "full" && log.elidedBytes > 0n) phases.set(log.id, "tail");
    else if (phase === undefined && end >= fake.logLimit) phases.set(log.id, "full");
    const isTail = phases.get(log.id) === "tail";
    fake.acknowledgeLog(log, isTail ? end : Math.min(end, fake.logLimit), end >= fake.logLimit);
  };

  const fake: FakeCoordinator = {
    answering: { outcomes: true, logs: true },
    logLimit: Number.POSITIVE_INFINITY,
    outcomes,
    get credit() {
      return credit;
    },
    open(options) {
      session = options;
      queueMicrotask(() => fake.reconnect());
      return {
        credit(count) {
          credit += count;
          tell();
        },
        started(report) {
          startedIds.add(report.id ?? "");
          tell();
        },
        progress(report) {
          progress.push(create(ProgressReportSchema, report));
          tell();
        },
        log(report) {
          const log = create(LogReportSchema, report);
          logs.push(log);
          const end = Number(log.offset) + log.data.length;
          // Acknowledgements come later than the call, as over a wire.
          if (fake.answering.logs) setImmediate(acknowledgeLater, log, end);
          tell();
        },
        outcome(said) {
          const report = "$typeName" in said ? said : carried(said);
          outcomes.push(report);
          if (fake.answering.outcomes) setImmediate(() => fake.acknowledge(report));
          tell();
        },
        drain() {
          credit = 0;
          tell();
        },
        heardAt: () => silentSince ?? performance.now(),
        sessionId: () => "w_fake",
        close: async () => {
          session = undefined;
        },
      };
    },
    held: () => session?.held().map(({ id, fencingToken }) => ({ id, fencingToken })) ?? [],
    lease(spec, options = {}) {
      lastId += 1;
      const given = {
        id: options.id ?? `task-${process.pid}-${lastId}`,
        fencingToken: options.fencingToken ?? BigInt(lastId),
      };
      credit -= 1;
      const full = { name: "test", queue: "default", ...spec };
      const lease = create(LeaseSchema, { attempt: 1, maxAttempts: 1, ...options, ...given, spec: full });
      events().onLease(received(lease));
      return given;
    },
    cancel: (given, reason) => events().onCancel(create(CancelOrderSchema, { ...given, reason })),
    drain: () => events().onDrain(),
    reconnect(refused = []) {
      silentSince = undefined;
      session?.events.onConnected(leaseTtlMs, refused as never);
      tell();
    },
    started: (given) => fake.until(() => startedIds.has(given.id)),
    async outcome(given) {
      await fake.until(() => outcomes.some(is(given)));
      return outcomes.find(is(given)) as OutcomeReport;
    },
    progress: (given) => progress.filter(is(given)),
    logs: (given) => logs.filter(is(given)),
    output: (given) => Buffer.concat(logs.filter(is(given)).map((log) => log.data)),
    until(condition) {
      return new Promise((resolve) => {
        const look = (): void => {
          if (!condition()) return;
          watchers.delete(look);
          resolve();
        };
        watchers.add(look);
        look();
      });
    },
    acknowledge: (given, accepted = true) =>
      session?.events.onOutcomeAck({
        id: given.id,
        token: Number(given.fencingToken),
        fencingToken: given.fencingToken,
        accepted,
      }),
    acknowledgeLog: (given, offset, full = false) =>
      session?.events.onLogAck(
        create(LogAckSchema, { id: given.id, fencingToken: given.fencingToken, offset: BigInt(offset), full }),
      ),
    silence() {
      silentSince = performance.now();
      fake.answering = { outcomes: false, logs: false };
    },
  };
  return fake;
}
