import { Role } from "../proto/gen/tss/v1/operator_service_pb.js";
import { createGrpcMetrics, createLockMetrics, createStoreMetrics } from "../runtime/call-metrics.ts";
import { systemClock } from "../runtime/clock.ts";
import { failpoint, isPlanted } from "../runtime/failpoint.ts";
import type { Logger } from "../runtime/logger.ts";
import type { Metrics } from "../runtime/metrics.ts";
import { reportSnapshot } from "../runtime/snapshot-metrics.ts";
import { createTaskMetrics } from "../runtime/task-metrics.ts";
import type { ClientAuthority } from "../runtime/tls/client-authority.ts";
import type { TlsFiles } from "../runtime/tls/tls-files.ts";
import { noTracer } from "../runtime/tracing.ts";
import { readVersion } from "../runtime/version.ts";
import type { Listening } from "./api/listen.ts";
import { type GrpcServer, startGrpcServer } from "./api/server.ts";
import { engineConfig } from "./config.ts";
import type { Coordinator, CoordinatorOptions } from "./coordinator.ts";
import { Engine } from "./engine/engine.ts";
import { LogBook } from "./engine/log-book.ts";
import { reading } from "./engine/reading.ts";
import { deliver } from "./engine/send.ts";
import type { AttemptFailure, EngineObserver, EngineState } from "./engine/state.ts";
import { createApiKeyOperations } from "./operations/api-keys.ts";
import { Audit } from "./operations/audit.ts";
import { BulkHost } from "./operations/bulk/bulk-host.ts";
import type { BulkRecord } from "./operations/bulk/bulk-record.ts";
import { createOperations } from "./operations/create-operations.ts";
import { ensureFirstKey, issueApiKey, type KeyIssuer } from "./operations/issue-api-key.ts";
import { KeyRing } from "./operations/key-ring.ts";
import type { MasterKeys } from "./operations/secrets/master-keys.ts";
import { openBlobs } from "./plugins/registry.ts";
import type { Blobs } from "./ports/blobs.ts";
import type { Store } from "./ports/store.ts";
import { takeSnapshot } from "./snapshot.ts";
import { Cells } from "./stats/cells.ts";
import { FailureBook } from "./stats/failure-book.ts";
import { noteFailure, startStats } from "./stats/start-stats.ts";
import { advertised, workTogether } from "./together.ts";
import { told } from "./told.ts";

const LOG_PRUNE_MS = 60_000;

/** What a coordinator has opened before it owns anything. */
export interface Opened {
  readonly store: Store;
  readonly listening: Listening;
  readonly metrics: Metrics;
  readonly tls: TlsFiles | undefined;
  readonly authority: ClientAuthority | undefined;
  readonly masters: MasterKeys;
  readonly senses: Senses;
  readonly ended: PromiseWithResolvers<void>;
  /** What is to be closed, the newest last. */
  readonly closers: (() => Promise<void>)[];
}

/** What the engine tells, for the metrics and the sampler. */
export interface Senses {
  readonly observer: EngineObserver;
  readonly cells: Cells;
  readonly failures: FailureBook;
  /** Set when there is one. */
  engine: EngineState | undefined;
}

export function openSenses(metrics: Metrics): Senses {
  const cells = new Cells();
  const failures = new FailureBook();
  const senses: Senses = {
    cells,
    failures,
    engine: undefined,
    observer: observerOf(metrics, cells, (failure) => {
      if (senses.engine !== undefined) noteFailure(failures, senses.engine, failure);
    }),
  };
  return senses;
}

/**
 * Composes a coordinator: engine, keys, edge. The one file that knows every concrete part.
 * @throws OwnedError before anything else is opened: another process owns the database.
 */
export async function serve(options: CoordinatorOptions, parts: Opened): Promise<Coordinator> {
  const { settings, logger } = options;
  const { store, listening, metrics, tls, senses, ended, closers: opened } = parts;
  const { cells, failures, observer } = senses;
  const shared = settings.TSS_REDIS_URL !== undefined && store.shared !== undefined;
  const engine = await Engine.start({
    store,
    config: engineConfig(settings),
    clock: systemClock,
    logger,
    observer,
    tracer: options.tracer ?? noTracer,
    failpoint,
    planted: isPlanted,
    address: listening.address,
    takeover: options.takeOver ?? false,
    shared,
    onStopped: (error) => ended.reject(told(error)),
  });
  senses.engine = engine.state;
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
  reportSnapshot(metrics, () => takeSnapshot(engine.state, stats));
  const { schemaVersion } = await store.catalog.meta();
  const facts = { version: readVersion(), schemaVersion, startedAt: Date.now() };
  const audit = new Audit({ activity: stats.activity, logger, nameOf: (keyId) => keys.nameOf(keyId) });
  opened.push(async () => audit.close());
  const onEnd = (record: BulkRecord) => audit.bulkEnded(record);
  const callerOf = async (keyId: string) => {
    // One that was made at another coordinator a moment ago is not known here yet.
    if (keys.refusal(keyId) !== undefined) await reading(() => keys.reload());
    return keys.callerOf(keyId);
  };
  const bulks = new BulkHost({ state: engine.state, callerOf, onEnd }, logger);
  const local = audit.operations(createOperations(engine.state, logs, stats, bulks, facts, parts.masters));
  const together = shared ? await workTogether(settings, store, engine, local, keys, stats, logger) : undefined;
  if (together !== undefined) opened.push(() => together.close());
  const operations = together?.operations ?? local;
  bulks.start(operations.tasks);
  opened.push(() => bulks.close());
  const server = await startGrpcServer({
    operations,
    apiKeys: audit.apiKeys(createApiKeyOperations({ ...issuer, ring: keys, logger, authority: parts.authority })),
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
    standingBy: () => undefined,
    serving: Promise.resolve(),
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
