import { sqliteStore } from "../../coordinator/plugins/store-sqlite/sqlite-store.ts";
import { claimAll } from "../contract/store/owner.ts";
import { endRow, eventRow, gateRow } from "../contract/store/rows.ts";

/**
 * A process that owns a database, for tests that kill it: `node store-process.ts URL [FAILPOINT [stop]]`. It says `owns`,
 * then for each line on its standard input flushes a task with an event, an end and gates, and says `done` or the name of
 * the error. At its failpoint it ends as if killed; with `stop` it says `stops` and stands still there, once.
 */
const [url = "", failpoint = "", how = ""] = process.argv.slice(2);
let armed = false;
let stopped = false;
const store = await sqliteStore.open(url, {
  readConnections: 1,
  failpoint: (name) => {
    if (!armed || name !== failpoint) return;
    if (how !== "stop") process.kill(process.pid, "SIGKILL");
    if (stopped) return;
    stopped = true;
    say("stops");
    process.kill(process.pid, "SIGSTOP");
  },
});
const owner = await claimAll(store);
await owner.openSegment();
say("owns");

process.stdin.on("data", async () => {
  armed = true;
  const task = owner.task({ name: "of the child" });
  const parts = { tasks: [task], taskKeys: [0], keys: [gateRow("k:child")], requests: [gateRow("r:child")] };
  await owner
    .flush({ ...parts, events: [eventRow(task, owner.next())], ends: [endRow(task)] })
    .then(() => say("done"))
    .catch((error: Error) => say(error.name));
});

function say(word: string): void {
  process.stdout.write(`${word}\n`);
}
