import { Gauge } from "prom-client";
import { CALL_BUCKETS, WAIT_BUCKETS } from "./buckets.ts";
import { LabelNames } from "./label-names.ts";
import type { Metrics } from "./metrics.ts";
import { counterFamily, histogramFamily } from "./tally.ts";

/** Methods, routes and statements that are told apart: more than there are, so only made-up names become `other`. */
const NAMES = 200;

/** What a gRPC server says of its calls; it fits the edge's observer. */
export interface GrpcMetrics {
  /** @param method `package.Service/Method` */
  started(method: string): void;
  /** @param code number of the status @param ms from headers to status */
  ended(method: string, code: number, ms: number): void;
  connections(open: number): void;
}

export function createGrpcMetrics({ registry }: Metrics): GrpcMetrics {
  const started = counterFamily(registry, "tss_grpc_calls_started_total", "Calls that came in.", ["method"]);
  const ended = counterFamily(registry, "tss_grpc_calls_finished_total", "Calls that ended.", ["method", "code"]);
  const seconds = histogramFamily(registry, "tss_grpc_call_seconds", "Length of calls.", ["method"], CALL_BUCKETS);
  const open = new Gauge({ name: "tss_grpc_connections", help: "Open connections.", registers: [registry] });
  const methods = new LabelNames(NAMES);
  return {
    started: (method) => started.cell(methods.of(method)).inc(),
    ended(method, code, ms) {
      const name = methods.of(method);
      ended.cell(name, String(code)).inc();
      seconds.cell(name).observe(ms / 1000);
    },
    connections: (count) => open.set(count),
  };
}

export interface HttpMetrics {
  /** @param route the pattern, e.g. `/task/query/{id}`; never the path that was asked for. */
  ended(method: string, route: string, status: number, ms: number): void;
}

export function createHttpMetrics({ registry }: Metrics): HttpMetrics {
  const labels = ["method", "route", "status"];
  const requests = counterFamily(registry, "tss_http_requests_total", "Requests that were answered.", labels);
  const seconds = histogramFamily(registry, "tss_http_request_seconds", "Length of requests.", ["route"], CALL_BUCKETS);
  const routes = new LabelNames(NAMES);
  const methods = new LabelNames(10);
  return {
    ended(method, route, status, ms) {
      const name = routes.of(route);
      requests.cell(methods.of(method), name, String(status)).inc();
      seconds.cell(name).observe(ms / 1000);
    },
  };
}

export interface StoreMetrics {
  /** @param op name of a statement, e.g. `flush` or `refill`. */
  took(op: string, ms: number): void;
  /** Rows of one flush. */
  flushed(rows: number, ms: number): void;
}

export function createStoreMetrics({ registry }: Metrics): StoreMetrics {
  const seconds = histogramFamily(registry, "tss_store_op_seconds", "Length of store calls.", ["op"], CALL_BUCKETS);
  const rows = counterFamily(registry, "tss_store_rows_total", "Rows written by flushes.").cell();
  const ops = new LabelNames(NAMES);
  const flush = seconds.cell(ops.of("flush"));
  return {
    took: (op, ms) => seconds.cell(ops.of(op)).observe(ms / 1000),
    flushed(count, ms) {
      rows.inc(count);
      flush.observe(ms / 1000);
    },
  };
}

/** Observes how long locks were waited for, in ms. */
export function createLockMetrics({ registry }: Metrics): (waitedMs: number) => void {
  const help = "Wait for locks, from the call to the durable grant.";
  const wait = histogramFamily(registry, "tss_lock_wait_seconds", help, [], WAIT_BUCKETS).cell();
  return (ms) => wait.observe(ms / 1000);
}

/** Counts messages that a reader of a stream was too slow for. */
export function createStreamDrops({ registry }: Metrics): (count: number) => void {
  const dropped = counterFamily(registry, "tss_stream_dropped_total", "Messages slow readers were not sent.").cell();
  return (count) => dropped.inc(count);
}
