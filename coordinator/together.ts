import { hostname } from "node:os";
import { TssError } from "../proto/errors.ts";
import { systemClock } from "../runtime/clock.ts";
import type { Logger } from "../runtime/logger.ts";
import type { Settings } from "../runtime/settings-table.ts";
import { readVersion } from "../runtime/version.ts";
import { Cluster } from "./cluster/cluster.ts";
import type { Engine } from "./engine/engine.ts";
import { isServing } from "./engine/state.ts";
import { peerSecret } from "./kernel/peer-token.ts";
import { followPeers, openElsewhere } from "./operations/follow-peers.ts";
import type { KeyRing } from "./operations/key-ring.ts";
import type { Operations, WorkStream } from "./operations/operations.ts";
import { peerAwareKeys } from "./operations/peer-keys.ts";
import type { Routes } from "./operations/peers.ts";
import { routeBulk } from "./operations/route-bulk.ts";
import { routeLocks } from "./operations/route-locks.ts";
import { routeOperator } from "./operations/route-operator.ts";
import { routeTasks } from "./operations/route-tasks.ts";
import { routeWorkers } from "./operations/route-workers.ts";
import { taskLockCalls } from "./operations/task-lock-calls.ts";
import { openRedisLeases } from "./plugins/leases-redis/open-leases.ts";
import { openPeers } from "./plugins/peers-grpc/open-peers.ts";
import type { Store } from "./ports/store.ts";
import type { Stats } from "./stats/start-stats.ts";

/** One of several coordinators on one database: what it needs beside what a single one has. */
export interface Together {
  readonly operations: Operations;
  readonly keys: ReturnType<typeof peerAwareKeys>;
  /** Becomes a member, reachable at the address; resolves when it owns what was nobody's. */
  join(address: string): Promise<void>;
  /** Gives everything to the others. */
  leave(): Promise<void>;
  close(): Promise<void>;
}

/** Between two looks at the members when nothing wakes it. */
const LOOK_MS = 500;

/** @throws TssError one sentence: Redis cannot be used. */
export async function workTogether(
  settings: Settings,
  store: Store,
  engine: Engine,
  local: Operations,
  ring: KeyRing,
  stats: Stats,
  logger: Logger,
): Promise<Together> {
  const { shared } = store;
  if (shared === undefined || settings.TSS_REDIS_URL === undefined) throw new Error("this store is not shared");
  const { salt } = await store.catalog.meta();
  const secret = peerSecret(salt);
  const ttlMs = settings.TSS_OWNER_TTL;
  const leases = await openRedisLeases({
    urls: settings.TSS_REDIS_URL.split(","),
    database: await shared.identity(),
    prefix: `tss:${secret.toString("hex").slice(0, 12)}:`,
    ttlMs,
    logger,
  });
  const peers = openPeers({ secret, clock: systemClock, tls: settings, logger });
  let cluster: Cluster | undefined;
  let address = "";
  const relayed = new Set<WorkStream>();
  const routes: Routes = {
    ownerOf(shard) {
      if (isServing(engine.state, shard)) return null;
      const owner = cluster?.ownerOf(shard);
      if (owner !== undefined && owner.member !== cluster?.member) return owner.address;
      throw new TssError("UNAVAILABLE", "This is moving to another coordinator; send the same request again.", {
        reason: "NOT_OWNER",
        retryAfterMs: 200,
      });
    },
    self: () => address,
    others: () => cluster?.others().map(({ address }) => address) ?? [],
    doubt: () => cluster?.wake(),
  };
  const unhear = leases.onWake("queues", () => void engine.readQueues().catch(() => {}));
  stats.series.elsewhere = (keys, resolutionMs) => openElsewhere(routes, peers, keys, resolutionMs);
  const unfollow = followPeers(stats, routes, peers);
  let leaving: Promise<void> | undefined;
  const close = async () => {
    unhear();
    unfollow();
    await leaving?.catch(() => {});
    await cluster?.close();
    peers.close();
    await leases.close();
  };
  const locks = routeLocks(engine.state, local.locks, routes, peers);
  engine.state.taskLocks.connect(taskLockCalls(locks));
  return {
    operations: {
      ...local,
      tasks: routeTasks(engine.state, local.tasks, routes, peers),
      workers: routeWorkers(engine.state, local.workers, routes, peers, relayed),
      bulk: routeBulk(local.bulk, routes, peers),
      locks,
      operator: routeOperator(local.operator, routes, peers, () => leases.wake("queues")),
    },
    keys: peerAwareKeys(ring, secret, systemClock),
    async join(advertised) {
      address = advertised;
      const member = await shared.join({ name: `${hostname()} pid ${process.pid}`, address, version: readVersion() });
      cluster = new Cluster({ shared, engine, member, leases, logger, lookMs: LOOK_MS, silentMs: ttlMs });
      await cluster.start();
    },
    leave() {
      leaving ??= (async () => {
        await cluster?.leave();
        // Their attempts go on, and are announced to the next owners over the streams there.
        for (const { stream } of engine.state.sessions.values()) stream?.end(gone());
        for (const stream of relayed) stream.end(gone());
      })();
      return leaving;
    },
    close,
  };
}

function gone(): TssError {
  return new TssError("UNAVAILABLE", "This coordinator is shutting down: go on with the others.", {
    reason: "SHUTTING_DOWN",
    retryAfterMs: 1_000,
  });
}

/** Where others reach this coordinator: as set, else as it listens, else by the name of its host. */
export function advertised(settings: Settings, bound: string): string {
  if (settings.TSS_COORDINATOR_ADVERTISE !== undefined) return settings.TSS_COORDINATOR_ADVERTISE;
  const [, host = "", port = ""] = /^(.*):(\d+)$/.exec(bound) ?? [];
  return /^(0\.0\.0\.0|\[::\]|::|\*)?$/.test(host) ? `${hostname()}:${port}` : bound;
}
