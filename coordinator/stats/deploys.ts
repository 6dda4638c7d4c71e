import type { ActivityRow } from "../ports/stats-store.ts";
import { ACTIVITY, type Told } from "./activity-log.ts";
import type { PoolGauge } from "./gauges.ts";

/** A version that comes and goes (a rolling deploy) is marked once in this time. */
const AGAIN_MS = 600_000;
/** Versions that are remembered of a pool, and pools: workers choose both names. */
const VERSIONS = 100;
const POOLS = 100;
const NAME_CHARACTERS = 64;

interface Known {
  live: ReadonlySet<string>;
  last: string;
  readonly markedAt: Map<string, number>;
}

/** Notices when a version of workers appears in a pool: a deploy, or its rollback. */
export class Deploys {
  readonly #pools = new Map<string, Known>();

  /** Marks of the past, newest first. */
  load(rows: readonly ActivityRow[]): void {
    for (const { subject, detail, at } of rows) {
      const { version } = JSON.parse(detail) as { version?: string };
      if (version === undefined) continue;
      const known = this.#of(subject.replace(/^pool\//, ""));
      known.last ||= version;
      if (!known.markedAt.has(version)) known.markedAt.set(version, at);
    }
  }

  look(pools: Iterable<PoolGauge>, now: number): Told[] {
    const told: Told[] = [];
    for (const { pool, versions } of pools) {
      if (!this.#pools.has(pool) && this.#pools.size >= POOLS) continue;
      const known = this.#of(pool);
      for (const version of versions.keys()) {
        if (version === "" || known.live.has(version) || known.last === version) continue;
        if (now - (known.markedAt.get(version) ?? 0) < AGAIN_MS || known.markedAt.size >= VERSIONS) continue;
        const before = known.last;
        known.last = version;
        known.markedAt.set(version, now);
        told.push(deploy(pool, version.slice(0, NAME_CHARACTERS), before));
      }
      known.live = new Set(versions.keys());
    }
    return told;
  }

  #of(pool: string): Known {
    let known = this.#pools.get(pool);
    if (known === undefined) {
      known = { live: new Set(), last: "", markedAt: new Map() };
      this.#pools.set(pool, known);
    }
    return known;
  }
}

function deploy(pool: string, version: string, before: string): Told {
  return {
    kind: ACTIVITY.deploy,
    action: "deploy.version",
    subject: `pool/${pool}`,
    summary: `Version ${version} appeared in pool ${pool}${before === "" ? "" : ` (before: ${before})`}.`,
    detail: { version, ...(before === "" ? {} : { before }) },
  };
}
