/**
 * Joins by primary key that the planner cannot turn around. Statements are prepared while a segment is empty and run when
 * it holds millions of rows, so no plan may rest on sizes: a LATERAL subquery with OFFSET 0 is looked up per row, always.
 */

const SAME = (row: string, by: string) =>
  `${row}.shard = ${by}.shard AND ${row}.lane = ${by}.lane AND ${row}.seq = ${by}.seq`;

/** Joins the task (alias t) of each row of `by`. */
export function joinTask(seg: number, by: string): string {
  return `CROSS JOIN LATERAL (SELECT x.* FROM tss_task_${seg} x WHERE ${SAME("x", by)} OFFSET 0) t`;
}

/** Joins the end (alias e) of each row of `by`, or nulls. */
export function joinEnd(seg: number, by: string): string {
  return `LEFT JOIN LATERAL (SELECT x.* FROM tss_end_${seg} x WHERE ${SAME("x", by)} OFFSET 0) e ON true`;
}

/** Joins the row of a table (as `alias`) to each row of `by` whose `may` is true, or nulls; for the others nothing is read. */
export function lookUp(alias: string, table: string, by: string): string {
  return `LEFT JOIN LATERAL (SELECT x.* FROM ${table} x WHERE ${by}.may AND ${SAME("x", by)} OFFSET 0) ${alias} ON true`;
}

/** Keeps rows of `by` that have neither ended nor moved; the condition is `UNENDED`. */
export function joinEnded(seg: number, by: string): string {
  return `LEFT JOIN LATERAL (SELECT true AS ended FROM tss_end_${seg} x WHERE ${SAME("x", by)} OFFSET 0) e ON true`;
}

/** Condition that goes with `joinEnded`. */
export const UNENDED = "e.ended IS NULL";
