import { failpoint } from "../runtime/failpoint.ts";
import type { Logger } from "../runtime/logger.ts";
import { createMetrics, type Metrics } from "../runtime/metrics.ts";
import type { Settings } from "../runtime/settings-table.ts";
import { openClientAuthority } from "../runtime/tls/client-authority.ts";
import { tlsFilesOf } from "../runtime/tls/tls-files.ts";
import type { TaskTracer } from "../runtime/tracing.ts";
import { readVersion } from "../runtime/version.ts";
import { listen } from "./api/listen.ts";
import type { IssuedKey } from "./operations/issue-api-key.ts";
import { readMasterKeys } from "./operations/secrets/master-keys.ts";
import { loadStorePlugin } from "./plugins/registry.ts";
import type { Store } from "./ports/store.ts";
import { OwnedError } from "./ports/store-errors.ts";
import { type Opened, openSenses, serve } from "./serve.ts";
import { standBy } from "./stand-by.ts";
import { told } from "./told.ts";

export interface CoordinatorOptions {
  readonly settings: Settings;
  readonly logger: Logger;
  /** Brings the schema to this version first, making it when there is none; else such a database is refused. */
  readonly migrate: boolean;
  /** Waits, where the store lets it, until a coordinator that owns the database has ended, in place of being refused. */
  readonly standBy?: boolean;
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
  /** Why it does not serve: another owns the database, and it takes over when that one ends. Undefined: it serves. */
  standingBy(): string | undefined;
  /** Resolves when it serves; never, when it ends before. */
  readonly serving: Promise<void>;
  /** Rejected when the coordinator cannot go on: another has taken over. */
  readonly ended: Promise<void>;
  /** Workers are told, calls finish within the time, what is decided is written. */
  drain(timeoutMs: number): Promise<void>;
  close(): Promise<void>;
}

/**
 * Starts a coordinator: it serves, or stands by where it may and must.
 * @throws TssError FAILED_PRECONDITION or UNAVAILABLE with what is wrong and what to do.
 */
export async function startCoordinator(options: CoordinatorOptions): Promise<Coordinator> {
  const { settings } = options;
  // What cannot be used is found before anything is owned.
  const tls = tlsFilesOf(settings);
  const authority = openClientAuthority(settings, options.logger);
  const masters = readMasterKeys(settings.TSS_MASTER_KEY);
  const metrics = createMetrics("coordinator", readVersion());
  const ended = Promise.withResolvers<void>();
  ended.promise.catch(() => {});
  const store = await openStore(options);
  const closers = [() => store.close()];
  try {
    const listening = await listen(settings.TSS_COORDINATOR_LISTEN);
    closers.push(async () => listening.close());
    const senses = openSenses(metrics);
    const opened: Opened = { store, listening, metrics, tls, authority, masters, senses, ended, closers };
    try {
      return await serve(options, opened);
    } catch (error) {
      if (!(error instanceof OwnedError) || !options.standBy || store.shared === undefined) throw error;
      return await standBy(options, opened, error.owner);
    }
  } catch (error) {
    for (const close of closers.reverse()) await close().catch(() => {});
    throw told(error);
  }
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
