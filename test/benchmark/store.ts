// What a store takes of tasks, events and ends: `node test/benchmark/store.ts URL [rows a flush] [flushes]`, on an empty
// database (`tss db init`). Each flush submits tasks, leases those of the flush before and ends them. Nothing is asserted.
import { cpus } from "node:os";
import { loadStorePlugin } from "../../coordinator/plugins/registry.ts";
import type { TaskRow } from "../../coordinator/ports/rows.ts";
import { claimAll } from "../contract/store/owner.ts";
import { endRow, eventRow, gateRow } from "../contract/store/rows.ts";

const [url = "sqlite:./.tss/bench.db", rows = "1000", flushes = "400"] = process.argv.slice(2);
const size = Number(rows);
const rounds = Number(flushes);
const LANES = 5;

const plugin = await loadStorePlugin(url);
await plugin.migrate(url);
const opening = performance.now();
const store = await plugin.open(url, { readConnections: 2, failpoint: () => {} });
const opened = performance.now() - opening;
try {
  const owner = await claimAll(store, true);
  await owner.openSegment(Date.now());
  const spec = new Uint8Array(200).fill(7);
  const detail = new Uint8Array(60).fill(9);
  const took: number[] = [];
  let before: readonly TaskRow[] = [];
  const cpu = process.cpuUsage();
  const start = performance.now();
  for (let round = 0; round < rounds; round++) {
    const at = Date.now();
    const shard = round % owner.shards.length;
    const fields = { shard, createdAt: at, spec };
    const tasks = Array.from({ length: size }, (_, i) => owner.task({ ...fields, lane: 1 + (i % LANES) }));
    const events = before.map((task) => eventRow(task, owner.next(task.shard), { at, session: 7 }));
    const ends = before.map((task) => endRow(task, { at, detail }));
    const requests = [gateRow(`r:${round}`, { expiresAt: at + 600_000 })];
    const batch = owner.batch({ at, tasks, events, ends, requests });
    const from = performance.now();
    await store.flush(batch);
    took.push(performance.now() - from);
    before = tasks;
  }
  const seconds = (performance.now() - start) / 1_000;
  const { user, system } = process.cpuUsage(cpu);
  const sorted = took.toSorted((a, b) => a - b);
  const at = (share: number) => (sorted[Math.min(rounds - 1, Math.floor(rounds * share))] ?? 0).toFixed(1);
  console.log(
    `${cpus().length} × ${cpus()[0]?.model}, Node ${process.version}, ${store.kind}, opened in ${opened.toFixed(1)} ms`,
  );
  console.log(`${size} rows a flush: ${Math.round((size * rounds) / seconds)} tasks/s, each with an event and an end`);
  console.log(`${((user + system) / size / rounds).toFixed(1)} µs of this process's CPU a task`);
  console.log(`a flush: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, most ${at(1)} ms`);
} finally {
  await store.close();
}
