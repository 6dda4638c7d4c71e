import type { StoredTask } from "../../ports/rows.ts";
import type { ListPlace, ListQuery } from "../../ports/store.ts";
import { lookUp } from "./lookups.ts";
import type { Reader } from "./read-pool.ts";
import { endOf, TASK_AND_END, taskOf } from "./read-rows.ts";

/** A stretch of one segment in list order: what matched of it, and how far it went. */
export interface Stretch {
  readonly matches: readonly StoredTask[];
  readonly scanned: number;
  /** Place of the last row looked at; null: none was left. */
  readonly last: ListPlace | null;
}

const ORDER = (alias: string) => `${alias}.created_at DESC, ${alias}.shard DESC, ${alias}.lane DESC, ${alias}.seq DESC`;

const WITHIN = (alias: string) => `${alias}.created_at <= $1 AND (${alias}.created_at, ${alias}.shard, ${alias}.lane,
  ${alias}.seq) < ($1::bigint, $2::int, $3::bigint, $4::bigint) AND ${alias}.created_at > $5`;

/** What the walked row alone tells: rows that fail here are not looked up further. */
const LANE_FITS = (alias: string) => `($9::bigint[] IS NULL OR ${alias}.lane = ANY ($9))`;

const TASK_FITS = `($10::text IS NULL OR t.name = $10) AND ($11::text IS NULL OR t.type = $11) AND t.labels @> $12::text[]
  AND NOT EXISTS (SELECT FROM unnest($13::text[]) p WHERE NOT EXISTS
    (SELECT FROM unnest(t.labels) l WHERE starts_with(l, p)))
  AND t.name <> ALL ($14::text[]) AND t.type <> ALL ($15::text[]) AND NOT t.labels && $16::text[]
  AND NOT EXISTS (SELECT FROM unnest($17::text[]) p, unnest(t.labels) l WHERE starts_with(l, p))`;

const END_FITS = `CASE WHEN e.seq IS NULL THEN $7::boolean
    ELSE e.status > 0 AND ($8::smallint[] IS NULL OR e.status = ANY ($8)) END`;

/** True when only ends that are rare are wanted: a partial index has them and nothing else. */
export function wantsUnhappyOnly(query: ListQuery): boolean {
  return !query.unended && query.endStatuses !== null && query.endStatuses.every((status) => status > 3);
}

/** Looks at up to `rows` rows of a segment after a place. */
export async function readStretch(
  reader: Reader,
  seg: number,
  query: ListQuery,
  after: ListPlace,
  rows: number,
): Promise<Stretch> {
  const unhappy = wantsUnhappyOnly(query);
  const [labels, notLabels] = [partLabels(query.labels), partLabels(query.notLabels)];
  const found = await reader.rows({
    name: `list_${unhappy ? "unhappy" : "all"}_${seg}`,
    text: stretchSql(seg, unhappy),
    values: [
      after.createdAt,
      after.shard,
      after.lane,
      after.seq,
      query.createdAfter ?? Number.MIN_SAFE_INTEGER,
      rows,
      query.unended,
      query.endStatuses,
      query.lanes,
      query.name,
      query.type,
      labels.whole,
      labels.begun,
      query.notNames,
      query.notTypes,
      notLabels.whole,
      notLabels.begun,
    ],
  });
  const end = found.at(-1);
  const matches = found
    .filter((row) => row.ok)
    .map((row) => ({ task: taskOf(row), events: [], end: endOf(row), sessions: [] }));
  return { matches, scanned: Number(end?.place ?? 0), last: end ? placeOf(end) : null };
}

/** Labels with their value, and how those with any begin. */
function partLabels(terms: readonly string[]): { whole: readonly string[]; begun: readonly string[] } {
  const isBegun = (label: string) => label.endsWith("=\0");
  return {
    whole: terms.filter((label) => !isBegun(label)),
    begun: terms.filter(isBegun).map((one) => one.slice(0, -1)),
  };
}

// biome-ignore lint/suspicious/noExplicitAny: a row is what its select list says.
function placeOf(row: any): ListPlace {
  return { createdAt: row.k_created_at, shard: row.k_shard, lane: row.k_lane, seq: row.k_seq };
}

/**
 * Rows that match, and the last one looked at whether it matches or not. What is walked is looked at first, and only what may
 * still match is looked up in the other table: a search for a name without that reads six times as long.
 */
function stretchSql(seg: number, unhappy: boolean): string {
  const walked = unhappy ? "e" : "t";
  const fits = unhappy ? LANE_FITS("e") : `${LANE_FITS("t")} AND ${TASK_FITS}`;
  const rows = `(SELECT ${walked}.*, row_number() OVER (ORDER BY ${ORDER(walked)}) AS place, count(*) OVER () AS looked,
      ${fits} AS may
    FROM (${walk(seg, unhappy)}) ${walked}) ${walked}`;
  const joined = unhappy
    ? `${rows} ${lookUp("t", `tss_task_${seg}`, "e")}`
    : `${rows} ${lookUp("e", `tss_end_${seg}`, "t")}`;
  const ok = unhappy ? `t.seq IS NOT NULL AND ${TASK_FITS} AND ${END_FITS}` : `t.may AND ${END_FITS}`;
  return `SELECT * FROM (
      SELECT ${TASK_AND_END}, ${walked}.created_at AS k_created_at, ${walked}.shard AS k_shard, ${walked}.lane AS k_lane,
        ${walked}.seq AS k_seq, ${walked}.place, ${walked}.looked, ${ok} AS ok
      FROM ${joined}) s
    WHERE ok OR place = looked ORDER BY place`;
}

function walk(seg: number, unhappy: boolean): string {
  return unhappy
    ? `SELECT e.* FROM tss_end_${seg} e WHERE e.status > 3 AND ${WITHIN("e")} ORDER BY ${ORDER("e")} LIMIT $6`
    : `SELECT t.* FROM tss_task_${seg} t WHERE ${WITHIN("t")} ORDER BY ${ORDER("t")} LIMIT $6`;
}

/** The newest time of creation in each segment, for those that have any row. */
export async function newestOf(reader: Reader, segs: readonly number[]): Promise<ReadonlyMap<number, number>> {
  if (segs.length === 0) return new Map();
  const text = segs
    .map((seg) => `SELECT ${seg} AS seg, max(created_at) AS newest FROM tss_task_${seg}`)
    .join(" UNION ALL ");
  const found = await reader.rows({ text });
  return new Map(found.filter((row) => row.newest !== null).map((row) => [row.seg, row.newest]));
}
