import type { Store } from "../../ports/store.ts";
import type { StoreOptions } from "../../ports/store-plugin.ts";
import { makeCatalog } from "./catalog.ts";
import { openReader, openWriter } from "./connection.ts";
import { flush } from "./flush.ts";
import type { Handles } from "./handles.ts";
import { Lister } from "./list.ts";
import { OwnerLock } from "./owner-lock.ts";
import { OwnerMemory } from "./owner-memory.ts";
import { checkEpochs, claim, distrust } from "./ownership.ts";
import { Reaper } from "./reaper.ts";
import { makeRecovery } from "./recovery.ts";
import { resolveFlush } from "./resolve.ts";
import { makeSegments } from "./segments.ts";
import { makeStats } from "./stats.ts";
import { findTask } from "./stored-tasks.ts";

/**
 * Opens a file whose schema is up to date. The writer comes first: it makes what the readers share. Reads take no
 * \`readConnections\`: they run in this very thread, so one connection serves them and another the lists.
 */
export function openStore(path: string, options: StoreOptions): Store {
  const handles: Handles = {
    path,
    writer: openWriter(path),
    reader: openReader(path),
    memory: new OwnerMemory(),
    lock: new OwnerLock(path),
    failpoint: options.failpoint,
  };
  const { reader, writer, lock } = handles;
  const reaper = new Reaper(handles);
  const lister = new Lister(handles, openReader(path));
  reaper.learnFreed();
  return {
    kind: "sqlite",
    catalog: makeCatalog(handles),
    segments: makeSegments(handles, reaper),
    reads: {
      task: async (ref, segs) => reader.read(() => findTask(handles, ref, segs)),
      tasks: async (refs) => reader.read(() => refs.map((ref) => findTask(handles, ref, ref.segs))),
      list: (query) => lister.list(query),
    },
    recovery: makeRecovery(handles),
    stats: makeStats(handles),
    async claim(owner, takeover, by) {
      const shards = claim(handles, owner, takeover, by);
      reaper.learnFreed();
      reaper.start();
      return shards;
    },
    distrust: async (owner, epoch) => distrust(handles, owner, epoch),
    async checkOwner(owners) {
      writer.checkFile();
      reader.read(() => checkEpochs(reader, owners));
    },
    flush: async (batch) => flush(handles, batch),
    resolve: async (batch) => resolveFlush(handles, batch),
    async close() {
      await reaper.close();
      await lister.close();
      reader.close();
      writer.close();
      lock.release();
    },
  };
}
