import type { MessageInitShape } from "@bufbuild/protobuf";
import type {
  LogReportSchema,
  OutcomeReport,
  ProgressReportSchema,
  StartReportSchema,
  WorkRequestSchema,
} from "../../proto/gen/tss/v1/worker_service_pb.js";

type Request = MessageInitShape<typeof WorkRequestSchema>;

/** The writing half of a Work stream. */
export interface RequestSink {
  /** False: the peer is slow; wait for `drained`. */
  write(request: Request): boolean;
  drained(): Promise<void>;
}

/** Puts together what is said in one turn of the event loop, and holds it back while the peer is slow to read. */
export interface Outbox {
  /** The peer does not take what was written before. */
  readonly blocked: boolean;
  credit(count: number): void;
  drain(): void;
  start(report: MessageInitShape<typeof StartReportSchema>): void;
  progress(report: MessageInitShape<typeof ProgressReportSchema>): void;
  log(report: MessageInitShape<typeof LogReportSchema>): void;
  outcome(report: OutcomeReport): void;
  /** Sends at least an empty message: it is heard as a sign of life. */
  beat(): void;
  attach(sink: RequestSink): void;
  /** The connection is gone, and with it what waits; only progress is kept, because nobody says it again. */
  detach(): void;
  /** Writes what waits. */
  flush(): void;
}

/** A message is cut when it has this much; the longest parts, a result or a chunk of output, stay far below the limit. */
const CUT_BYTES = 1024 * 1024;
const PROGRESS_KEPT = 1_000;

export function createOutbox(): Outbox {
  let sink: RequestSink | undefined;
  let blocked = false;
  let scheduled = false;
  let beating = false;
  let ready: Request[] = [];
  let parts = emptyParts();

  const cut = (): void => {
    if (!parts.any) return;
    const { any: _, bytes: __, ...request } = parts;
    ready.push(request);
    parts = emptyParts();
  };
  const flush = (): void => {
    scheduled = false;
    if (sink === undefined || blocked) return;
    cut();
    if (ready.length === 0 && beating) ready.push({});
    beating = false;
    const current = sink;
    while (ready.length > 0 && !blocked) {
      const request = ready.shift() ?? {};
      if (current.write(request)) continue;
      blocked = true;
      void current.drained().then(() => {
        if (sink !== current) return;
        blocked = false;
        flush();
      });
    }
  };
  const added = (bytes: number): void => {
    parts.any = true;
    parts.bytes += bytes;
    if (parts.bytes >= CUT_BYTES) cut();
    if (scheduled) return;
    scheduled = true;
    setImmediate(flush);
  };

  return {
    get blocked() {
      return blocked;
    },
    credit(count) {
      if (sink === undefined) return;
      parts.credit += count;
      added(0);
    },
    drain() {
      if (sink === undefined) return;
      parts.draining = true;
      added(0);
    },
    start(report) {
      if (sink === undefined) return;
      parts.starts.push(report);
      added(0);
    },
    progress(report) {
      if (sink === undefined && parts.progress.length >= PROGRESS_KEPT) parts.progress.shift();
      parts.progress.push(report);
      added(0);
    },
    log(report) {
      if (sink === undefined) return;
      parts.logs.push(report);
      added(report.data?.length ?? 0);
    },
    outcome(report) {
      if (sink === undefined) return;
      parts.outcomes.push(report);
      added(report.result?.data.length ?? 0);
    },
    beat() {
      beating = true;
      flush();
    },
    attach(newSink) {
      sink = newSink;
      blocked = false;
      flush();
    },
    detach() {
      sink = undefined;
      ready = [];
      parts = { ...emptyParts(), progress: parts.progress, any: parts.progress.length > 0 };
    },
    flush,
  };
}

interface Parts {
  credit: number;
  draining: boolean;
  starts: MessageInitShape<typeof StartReportSchema>[];
  progress: MessageInitShape<typeof ProgressReportSchema>[];
  logs: MessageInitShape<typeof LogReportSchema>[];
  outcomes: OutcomeReport[];
  any: boolean;
  bytes: number;
}

function emptyParts(): Parts {
  return { credit: 0, draining: false, starts: [], progress: [], logs: [], outcomes: [], any: false, bytes: 0 };
}
