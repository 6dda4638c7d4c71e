import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { TssError } from "../../../proto/errors.ts";
import { TaskStatus } from "../../../proto/gen/tss/v1/task_pb.js";
import { TaskService } from "../../../proto/gen/tss/v1/task_service_pb.js";
import { type PayloadCodec, payloadCodec } from "../codecs/payload-codec.ts";
import { connectionOptionsOf } from "../connection/local-connection.ts";
import { openConnection } from "../connection/open-connection.ts";
import type { Connection, ConnectionOptions } from "../connection-types.ts";
import type { LockOptions } from "./acquire-lock.ts";
import { type HeldLock, withLock } from "./hold-lock.ts";
import { createPatience } from "./patience.ts";
import { streamLocks } from "./stream-locks.ts";
import { Submitter } from "./submitter.ts";
import { TaskHandle } from "./task-handle.ts";
import type { TaskRequest } from "./task-request.ts";
import { taskSpec } from "./task-spec.ts";
import { type Status, type TaskView, taskView } from "./task-view.ts";
import { WaitTurns } from "./wait-turns.ts";

export interface ClientOptions {
  /** host:port, or several of one system, as a list or separated by commas. Absent: TSS_COORDINATOR, else 127.0.0.1:7400. */
  readonly address?: string | readonly string[];
  /** Absent: TSS_API_KEY, else for a coordinator of this machine the file TSS_CREDENTIALS, else ./.tss/credentials. */
  readonly apiKey?: string;
  /** Absent: TSS_TLS_CA, TSS_TLS_CLIENT_CERT and TSS_TLS_CLIENT_KEY, else plaintext. Texts are PEM. */
  readonly tls?: ConnectionOptions["tls"];
  /** Absent: JSON and bytes. */
  readonly codec?: PayloadCodec;
  /** A submit without an answer for this long fails; 30 000 ms. */
  readonly submitTimeoutMs?: number;
  /** Tasks that may wait to be sent; 100 000. */
  readonly bufferTasks?: number;
  /** Bytes of them; 64 MiB. */
  readonly bufferBytes?: number;
}

export interface TaskFilter {
  readonly status?: readonly Status[];
  readonly queue?: string;
  /** Its whole name. */
  readonly name?: string;
  readonly type?: string;
  /** `name=value`, or `name` alone; all must hold. */
  readonly labels?: readonly string[];
  readonly createdAfter?: Date;
  readonly createdBefore?: Date;
}

/** A task that changed, or word that changes were missed: read again what is needed. */
export type Change = { readonly task: TaskView } | { readonly resync: true };

export interface Client {
  /**
   * Hands over a task; resolves when it is kept. Tasks submitted in one turn of the event loop travel as one message.
   * @throws TssError INVALID_ARGUMENT, ALREADY_EXISTS (key used for another task), RESOURCE_EXHAUSTED, UNAVAILABLE …
   */
  submit<R = unknown>(task: TaskRequest<R>): Promise<TaskHandle<R>>;
  /** A task by its id; nothing is asked yet. */
  task<R = unknown>(id: string): TaskHandle<R>;
  /** Newest first, without attempts and messages; pages are read as they are needed. */
  list(filter?: TaskFilter, signal?: AbortSignal): AsyncGenerator<TaskView, void, undefined>;
  /** Tasks as they change, from now on, until the signal fires. */
  watch(filter?: Pick<TaskFilter, "queue" | "status">, signal?: AbortSignal): AsyncGenerator<Change, void, undefined>;
  /**
   * Runs `work` while holding a lock, which is renewed meanwhile: at most one (or as many as it has permits) runs at a time,
   * as far as a lease can promise. Pass `lock.token` to what it protects; stop when `lock.signal` fires.
   * @throws TssError DEADLINE_EXCEEDED with reason LOCK_BUSY: it was not free in time. LockLostError: it was lost meanwhile.
   */
  withLock<R>(name: string, options: LockOptions, work: (lock: HeldLock) => Promise<R> | R): Promise<R>;
  /** Every call of the protocol. */
  readonly connection: Connection;
  /** Resolves when a coordinator answers. @throws TssError UNAVAILABLE naming the addresses tried. */
  ready(timeoutMs?: number): Promise<void>;
  /** Waits for the answers of what was submitted, then ends the connection. */
  close(): Promise<void>;
}

/** Streams that may wait for ends at a time: less than half of what a connection may have open. */
const WAITS = 400;
const READY_MS = 10_000;
const GIVE_UP_MS = 300_000;

/** A client of a coordinator. It connects with the first call. */
export function createClient(options: ClientOptions = {}): Client {
  const connection = openConnection({ ...clientConnection(options), userAgent: "tss-typescript" });
  const codec = options.codec ?? payloadCodec();
  const tasks = connection.service(TaskService);
  const access = { tasks, codec, turns: new WaitTurns(WAITS) };
  const submitter = new Submitter(connection, {
    timeoutMs: options.submitTimeoutMs ?? 30_000,
    bufferTasks: options.bufferTasks ?? 100_000,
    bufferBytes: options.bufferBytes ?? 64 * 1024 * 1024,
  });
  const locks = streamLocks(connection);
  return {
    connection,
    async submit<R>(request: TaskRequest<R>) {
      const encoded = "input" in request && request.input !== undefined ? codec.encode(request.input) : undefined;
      const payload = encoded instanceof Promise ? await encoded : encoded;
      const { id, duplicate } = await submitter.submit(taskSpec(request, payload));
      return new TaskHandle<R>(access, id, duplicate);
    },
    task: (id) => new TaskHandle(access, id),
    async *list(filter = {}, signal) {
      let cursor = "";
      do {
        const page = await tasks.listTasks({ ...listRequest(filter), cursor }, signal === undefined ? {} : { signal });
        for (const task of page.tasks) yield taskView(task);
        cursor = page.nextCursor;
      } while (cursor !== "");
    },
    async *watch({ queue = "", status = [] } = {}, signal = new AbortController().signal) {
      const patience = createPatience(GIVE_UP_MS, () => {});
      let cursor = "";
      while (!signal.aborted)
        try {
          const request = { queue, status: status.map(statusValue), cursor };
          for await (const message of tasks.watchTasks(request, { signal })) {
            patience.answered();
            cursor = message.cursor || cursor;
            if (message.resync) yield { resync: true };
            if (message.task !== undefined) yield { task: taskView(message.task) };
          }
        } catch (error) {
          if (signal.aborted) return;
          await patience.failed(error, signal);
        }
    },
    withLock: (name, options, work) => withLock(locks, name, options, work),
    ready: (timeoutMs = READY_MS) => connection.ready(timeoutMs),
    async close() {
      await submitter.close();
      locks.close();
      connection.close();
    },
  };
}

/** Where the options, else the environment, say the coordinator is. @throws TssError FAILED_PRECONDITION. */
export function clientConnection(options: Pick<ClientOptions, "address" | "apiKey" | "tls">): ConnectionOptions {
  const { TSS_COORDINATOR, TSS_API_KEY, TSS_CREDENTIALS } = process.env;
  const { TSS_TLS_CA, TSS_TLS_CLIENT_CERT, TSS_TLS_CLIENT_KEY } = options.tls === undefined ? process.env : {};
  const found = connectionOptionsOf({
    address: [options.address ?? (TSS_COORDINATOR || "127.0.0.1:7400")].flat().join(","),
    apiKey: options.apiKey ?? (TSS_API_KEY || undefined),
    credentials: TSS_CREDENTIALS || "./.tss/credentials",
    ca: TSS_TLS_CA || undefined,
    clientCert: TSS_TLS_CLIENT_CERT || undefined,
    clientKey: TSS_TLS_CLIENT_KEY || undefined,
  });
  return options.tls === undefined ? found : { ...found, tls: options.tls };
}

function listRequest(filter: TaskFilter) {
  const { status = [], queue = "", name = "", type = "", labels = [], createdAfter, createdBefore } = filter;
  return {
    status: status.map(statusValue),
    queue,
    name,
    type,
    label: [...labels],
    ...(createdAfter === undefined ? {} : { createdAfter: timestampFromDate(createdAfter) }),
    ...(createdBefore === undefined ? {} : { createdBefore: timestampFromDate(createdBefore) }),
  };
}

function statusValue(status: Status): TaskStatus {
  const value = TaskStatus[status.toUpperCase() as keyof typeof TaskStatus];
  if (value !== undefined && value !== TaskStatus.UNSPECIFIED) return value;
  throw new TssError(
    "INVALID_ARGUMENT",
    `"${status}" is no status; these are: waiting, running, succeeded, failed, cancelled.`,
  );
}
