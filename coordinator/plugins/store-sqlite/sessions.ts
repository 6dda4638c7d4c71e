import type { FlushBatch } from "../../ports/store.ts";
import type { Handles } from "./handles.ts";

/** Sessions remembered as noted; past that the memory starts over. */
const REMEMBERED = 10_000;

/**
 * Writes sessions named for the first time, and notes the newest segment generation whose events name a session, so that
 * a session can go when that generation has gone.
 */
export function noteSessions({ writer, memory }: Handles, batch: FlushBatch): void {
  const insert = writer.prepare("INSERT INTO session VALUES (?, ?, ?, ?, 0) ON CONFLICT DO NOTHING");
  for (const row of batch.sessions) insert.run(row.session, row.id, row.workerName, row.at);

  memory.generations ??= new Map(
    writer
      .prepare("SELECT seg, generation FROM segment")
      .all()
      .map((row) => [row["seg"] as number, row["generation"] as number]),
  );
  if (memory.sessions.size > REMEMBERED) memory.sessions.clear();
  const note = writer.prepare("UPDATE session SET generation = max(generation, ?) WHERE session = ?");
  for (const { session, seg } of batch.events) {
    const generation = memory.generations.get(seg);
    if (session === 0 || generation === undefined || (memory.sessions.get(session) ?? 0) >= generation) continue;
    note.run(generation, session);
    memory.sessions.set(session, generation);
  }
}

/** Forgets sessions that were named before this time and by no event that is still kept. */
export function pruneSessions({ writer, memory }: Handles, before: number): void {
  memory.sessions.clear();
  writer
    .prepare(
      `DELETE FROM session WHERE at < ? AND generation < (SELECT coalesce(min(generation), 0) FROM segment WHERE freed = 0)
        AND session NOT IN (SELECT session FROM event_0 WHERE session > 0)`,
    )
    .run(before);
}
