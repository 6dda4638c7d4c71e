import { TssError } from "../proto/errors.ts";
import { Role } from "../proto/gen/tss/v1/operator_service_pb.js";
import { createGrpcMetrics, createLockMetrics, createStoreMetrics } from "../runtime/call-metrics.ts";
import { systemClock } from "../runtime/clock.ts";
import { failpoint } from "../runtime/failpoint.ts";
import type { Logger } from "../runtime/logger.ts";
import { createMetrics, type Metrics } from "../runtime/metrics.ts";
import type { Settings } from "../runtime/settings-table.ts";
import { reportSnapshot } from "../runtime/snapshot-metrics.ts";
import { createTaskMetrics } from "../runtime/task-metrics.ts";
import { tlsFilesOf } from "../runtime/tls-files.ts";
import { noTracer, type TaskTracer } from "../runtime/tracing.ts";
import { readVersion } from "../runtime/version.ts";
import { listen } from "./api/listen.ts";
import { type GrpcServer, startGrpcServer } from "./api/server.ts";
import { engineConfig } from "./config.ts";
import { Engine } from "./engine/engine.ts";
import { LogBook } from "./engine/log-book.ts";
import { deliver } from "./engine/send.ts";
import type { AttemptFailure, EngineObserver, EngineState } from "./engine/state.ts";
import { createApiKeyOperations } from "./operations/api-keys.ts";
import { Audit } from "./operations/audit.ts";
import { BulkJobs } from "./operations/bulk/bulk-jobs.ts";
import type { BulkRecord } from "./operations/bulk/bulk-record.ts";
import { createOperations } from "./operations/create-operations.ts";
import { ensureFirstKey, type IssuedKey, issueApiKey, type KeyIssuer } from "./operations/issue-api-key.ts";
import { KeyRing } from "./operations/key-ring.ts";
import { loadStorePlugin, openBlobs } from "./plugins/registry.ts";
import type { Blobs } from "./ports/blobs.ts";
import type { Store } from "./ports/store.ts";
import { FencedError, OwnedError, SchemaError, StoreLostError, StoreUnavailableError } from "./ports/store-errors.ts";
import { takeSnapshot } from "./snapshot.ts";
import { Cells } from "./stats/cells.ts";
import { FailureBook } from "./stats/failure-book.ts";
import { noteFailure, startStats } from "./stats/start-stats.ts";
import { advertised, workTogether } from "./together.ts";

export interface CoordinatorOptions {
  readonly settings: Settings;
  readonly logger: Logger;
  /** Brings the schema to this version first, making it when there is none; else such a database is refused. */
  readonly migrate: boolean;
  /** Takes the place of a coordinator that still owns the database, which then writes nothing more. */
  readonly takeOver?: boolean;
  /** Stays open: whoever made it closes it after the coordinator. Absent: tasks are not traced. */
  readonly tracer?: TaskTracer;
  /** Makes an admin key of this name if the database has no key yet, or even so `besideOthers`, and hands it out. */
  readonly firstKey?: { readonly name: string; readonly ttlMs?: number; readonly besideOthers?: boolean };
}

export interface Coordinator {
  /** host:port as bound. */
  readonly address: string;
  readonly firstKey: IssuedKey | undefined;
  readonly metrics: Metrics;
  /** Rejected when the coordinator cannot go on: another has taken over. */
  readonly ended: Promise<void>;
  /** Workers are told, calls finish within the time, what is decided is written. */
  drain(timeoutMs: number): Promise<void>;
  close(): Promise<void>;
}

const LOG_PRUNE_MS = 60_000;

/**
 * Composes a coordinator: store, engine, keys, edge. The one file that knows every concrete part.
 * @throws TssError FAILED_PRECONDITION or UNAVAILABLE with what is wrong and what to do.
 */
export async function startCoordinator(options: CoordinatorOptions): Promise<Coordinator> {
  const { settings, logger } = options;
  // What cannot be used is found before anything is owned.
  const tls = tlsFilesOf(settings);
  const metrics = createMetrics("coordinator", readVersion());
  const ended = Promise.withResolvers<void>();
  ended.promise.catch(() => {});
  const store = await openStore(options);
  const opened: (() => Promise<void>)[] = [() => store.close()];
  try {
    const shared = settings.TSS_REDIS_URL !== undefined && store.shared !== undefined;
    const cells = new Cells();
    const failures = new FailureBook();
    let engineState: EngineState | null = null;
    const listening = await listen(settings.TSS_COORDINATOR_LISTEN);
    opened.push(async () => listening.close());
    const engine = await Engine.start({
      store,
      config: engineConfig(settings),
      clock: systemClock,
      logger,
      observer: observerOf(metrics, cells, (failure) => {
        if (engineState !== null) noteFailure(failures, engineState, failure);
      }),
      tracer: options.tracer ?? noTracer,
      failpoint,
      address: listening.address,
      takeover: options.takeOver ?? false,
      shared,
      onStopped: (error) => ended.reject(told(error)),
    });
    engineState = engine.state;
    opened.push(() => engine.stop());
    const stats = await startStats(engine.state, cells, failures, logger, readVersion());
    opened.push(() => stats.stop());
    const blobs = await openBlobs(settings.TSS_BLOBS ?? "database", settings.TSS_DATABASE_URL);
    const logs = new LogBook(blobs, settings.TSS_LOG_LIMIT, logger);
    opened.push(() => logs.close());
    const stopPruning = pruneLogs(blobs, settings.TSS_LOG_RETENTION, logger);
    const keys = new KeyRing({ catalog: store.catalog, clock: systemClock, logger });
    const issuer = { catalog: store.catalog, clock: systemClock };
    await keys.start();
    opened.push(async () => keys.stop());
    reportSnapshot(metrics, () => takeSnapshot(engine.state, stats.sampler));
    const { schemaVersion } = await store.catalog.meta();
    const facts = { version: readVersion(), schemaVersion, startedAt: Date.now() };
    const audit = new Audit({ activity: stats.activity, logger, nameOf: (keyId) => keys.nameOf(keyId) });
    opened.push(async () => audit.close());
    const onEnd = (record: BulkRecord) => audit.bulkEnded(record);
    const callerOf = (keyId: string) => keys.callerOf(keyId);
    const bulks = new BulkJobs({ state: engine.state, alone: !shared, callerOf, onEnd }, logger);
    await bulks.start();
    opened.push(() => bulks.close());
    const local = audit.operations(createOperations(engine.state, logs, stats, bulks, facts));
    const together = shared ? await workTogether(settings, store, engine, local, keys, logger) : undefined;
    if (together !== undefined) opened.push(() => together.close());
    const server = await startGrpcServer({
      operations: together?.operations ?? local,
      apiKeys: audit.apiKeys(createApiKeyOperations({ ...issuer, ring: keys, logger })),
      keys: together?.keys ?? keys,
      listen: listening,
      tls,
      logger,
      clock: systemClock,
      metrics: createGrpcMetrics(metrics),
      // With others, the shards go first: workers go on there with what they hold.
      onDrain: () => (together === undefined ? tellWorkers(engine) : void together.leave().catch(() => {})),
    });
    opened.push(() => server.close());
    await together?.join(advertised(settings, server.address));
    void ended.promise.catch(() => server.close());
    const firstKey = await makeFirstKey(options, issuer, keys);
    return assemble(server, opened, stopPruning, { firstKey, metrics, ended: ended.promise });
  } catch (error) {
    for (const close of opened.reverse()) await close().catch(() => {});
    throw told(error);
  }
}

function assemble(
  server: GrpcServer,
  opened: readonly (() => Promise<void>)[],
  stopPruning: () => void,
  facts: Pick<Coordinator, "firstKey" | "metrics" | "ended">,
): Coordinator {
  let closing: Promise<void> | null = null;
  const closeAll = (end: () => Promise<void>): Promise<void> => {
    closing ??= (async () => {
      await end();
      stopPruning();
      for (const close of [...opened].reverse()) await close();
    })();
    return closing;
  };
  return {
    ...facts,
    address: server.address,
    drain: (timeoutMs) => closeAll(() => server.drain(timeoutMs)),
    close: () => closeAll(() => server.close()),
  };
}

/** Made when nothing else can fail any more: a key of a start that failed would be known to nobody, and be the only one. */
async function makeFirstKey({ firstKey }: CoordinatorOptions, issuer: KeyIssuer, keys: KeyRing) {
  if (firstKey === undefined) return undefined;
  const { besideOthers = false, ...wanted } = firstKey;
  const made = besideOthers
    ? await issueApiKey(issuer, { ...wanted, role: Role.ADMIN })
    : await ensureFirstKey(issuer, wanted);
  if (made !== undefined) await keys.reload();
  return made;
}

async function openStore({ settings, migrate }: CoordinatorOptions): Promise<Store> {
  const url = settings.TSS_DATABASE_URL;
  try {
    const plugin = await loadStorePlugin(url);
    if (migrate) {
      const status = await plugin.status(url);
      if (status.version < status.latest) await plugin.migrate(url);
    }
    return await plugin.open(url, { readConnections: settings.TSS_DATABASE_READ_CONNECTIONS, failpoint });
  } catch (error) {
    throw told(error);
  }
}

/** Errors of the store in the words of the contract. */
function told(error: unknown): unknown {
  if (error instanceof SchemaError)
    return new TssError("FAILED_PRECONDITION", error.message, { reason: "SCHEMA", cause: error });
  if (error instanceof StoreUnavailableError)
    return new TssError("UNAVAILABLE", error.message, { reason: "STORE_UNAVAILABLE", cause: error });
  if (error instanceof OwnedError)
    return new TssError(
      "FAILED_PRECONDITION",
      `Another coordinator owns this database: ${error.owner}. Stop it first; if it does not answer any more, \`tss-coordinator --take-over\` takes its place.`,
      { reason: "OWNED", cause: error },
    );
  if (error instanceof StoreLostError)
    return new TssError("FAILED_PRECONDITION", error.message, { reason: "STORE_LOST", cause: error });
  if (error instanceof FencedError)
    return new TssError(
      "FAILED_PRECONDITION",
      "Another coordinator has taken over this database: this one writes nothing more and ends.",
      { reason: "TAKEN_OVER", cause: error },
    );
  return error;
}

/** What the engine tells reaches the metrics and the sampler. */
function observerOf(metrics: Metrics, cells: Cells, failed: (failure: AttemptFailure) => void): EngineObserver {
  const tasks = createTaskMetrics(metrics);
  const store = createStoreMetrics(metrics);
  return {
    submitted(queue, type, count) {
      tasks.submitted(queue, type, count);
      cells.submitted(queue, type, count);
    },
    started(queue, type, retry, waitedMs) {
      tasks.started(queue, type, retry, waitedMs);
      cells.started(queue, type, retry, waitedMs);
    },
    attemptFinished(queue, type, outcome, ranMs) {
      tasks.attemptFinished(queue, type, outcome, ranMs);
      cells.attemptFinished(queue, type, outcome, ranMs);
    },
    finished(queue, type, outcome, tookMs) {
      tasks.finished(queue, type, outcome, tookMs);
      cells.finished(queue, type, outcome, tookMs);
    },
    flushed(rows, tookMs) {
      store.flushed(rows, tookMs);
      cells.flushed(rows, tookMs);
    },
    timerLag: tasks.timerLag,
    lockGranted: createLockMetrics(metrics),
    failed,
  };
}

function tellWorkers(engine: Engine): void {
  for (const session of engine.state.sessions.values()) deliver(engine.state, session, { drain: true });
}

function pruneLogs(blobs: Blobs, retentionMs: number, logger: Logger): () => void {
  const timer = setInterval(() => {
    blobs
      .prune(Date.now() - retentionMs)
      .catch((error: Error) => logger.warn({ error: error.message }, "output was not pruned"));
  }, LOG_PRUNE_MS);
  timer.unref();
  return () => clearInterval(timer);
}
