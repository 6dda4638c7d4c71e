/**
 * What the coordinators remember of how things went. Nothing of it decides anything: a row that is lost is a gap in a chart.
 * Every coordinator writes rows of its own and readers add them up. `test/contract/store/stats.ts` is its exam.
 */
export interface StatsStore {
  /** Keeps rows; one that is there (same key, resolution, time and owner) is replaced. In one transaction. */
  saveRollups(rows: readonly RollupRow[]): Promise<void>;
  /** Rows of the keys (or of all keys that begin with a prefix) with from ≤ at < to, of every owner, by time. */
  rollups(query: RollupQuery): Promise<readonly RollupRow[]>;
  /** Deletes rows of a resolution that are older; at most `limit` of them. @returns how many. */
  pruneRollups(resolutionMs: number, before: number, limit: number): Promise<number>;

  /** Makes groups, or adds to those that are there: counts are added, times and versions widened, samples renewed. */
  addFailures(groups: readonly FailureGroupRow[]): Promise<void>;
  /** Groups seen since then, newest first; at most `limit`. */
  failureGroups(seenSince: number, limit: number): Promise<readonly FailureGroupRow[]>;
  /** Deletes groups that were not seen since then, at most `limit`. @returns how many. */
  pruneFailures(seenBefore: number, limit: number): Promise<number>;

  /** Keeps entries, on the disk when this returns. @returns their ids, which rise. */
  addActivity(entries: readonly ActivityRow[]): Promise<readonly number[]>;
  /** Entries with an id below `before` (0: the newest), newest first. */
  activity(query: ActivityQuery): Promise<readonly (ActivityRow & { readonly id: number })[]>;
  /** Deletes entries that are older, and the oldest beyond `keep`; at most `limit`. @returns how many. */
  pruneActivity(before: number, keep: number, limit: number): Promise<number>;
}

export interface RollupRow {
  readonly key: string;
  /** Length of the bucket in ms. */
  readonly resolutionMs: number;
  /** Start of the bucket. */
  readonly at: number;
  /** Number of the coordinator's run that counted it, 48 bits. */
  readonly owner: number;
  /** JSON of a PackedBucket. */
  readonly body: string;
}

export interface RollupQuery {
  readonly keys: { readonly in: readonly string[] } | { readonly prefix: string };
  readonly resolutionMs: number;
  readonly from: number;
  readonly to: number;
  readonly limit: number;
}

export interface FailureGroupRow {
  readonly fingerprint: string;
  readonly queue: string;
  readonly type: string;
  /** TaskReason. */
  readonly reason: number;
  readonly errorType: string;
  readonly title: string;
  readonly sampleMessage: string;
  /** Public ids, newest first. */
  readonly sampleIds: readonly string[];
  /** Failed attempts; when saved, those to be added. */
  readonly attempts: number;
  readonly firstSeen: number;
  readonly lastSeen: number;
  readonly firstVersion: string;
  readonly lastVersion: string;
  /** When it last came back after a day without it; 0: never. */
  readonly backAt: number;
}

export interface ActivityRow {
  readonly at: number;
  /** ActivityKind. */
  readonly kind: number;
  readonly action: string;
  readonly subject: string;
  readonly summary: string;
  /** Public id of the API key; "": TSS itself. */
  readonly keyId: string;
  readonly keyName: string;
  /** JSON object of texts. */
  readonly detail: string;
}

export interface ActivityQuery {
  readonly before: number;
  readonly limit: number;
  /** Empty: all. */
  readonly kinds: readonly number[];
  /** "": any. */
  readonly keyId: string;
  readonly subject: string;
  /** from ≤ at < to; null: no bound. */
  readonly from: number | null;
  readonly to: number | null;
}
