import type { OwnedShard } from "../../ports/store.ts";
import { distrusted, FencedError, OwnedError } from "../../ports/store-errors.ts";
import type { Connection } from "./connection.ts";
import type { Handles } from "./handles.ts";
import type { Row } from "./row-codec.ts";

/** See Store.claim. The lock file is changed under the write lock of the database: claims come one after the other. */
export function claim(handles: Handles, owner: string, takeover: boolean, by?: number): readonly OwnedShard[] {
  const { writer, lock, memory } = handles;
  const before = lock.held;
  memory.forget();
  try {
    return writer.write(() => {
      const living = lock.take(owner, takeover);
      if (living !== null) throw new OwnedError(living);
      const foreign = foreignEpoch(writer);
      if (by === undefined && foreign > 0) throw distrusted(foreign);
      writer.prepare("UPDATE shard SET epoch = max(epoch, ?) + ?").run(foreign, by ?? 1);
      if (foreign > 0) writer.prepare("DELETE FROM meta WHERE key = 'foreign_epoch'").run();
      return writer.prepare("SELECT shard, epoch FROM shard ORDER BY shard").all().map(ownedShard);
    });
  } catch (error) {
    if (!before) lock.release();
    throw error;
  }
}

function foreignEpoch(writer: Connection): number {
  return (writer.prepare("SELECT value FROM meta WHERE key = 'foreign_epoch'").get()?.["value"] as number) ?? 0;
}

/** See Store.distrust. */
export function distrust({ writer }: Handles, owner: OwnedShard, foreign: number): boolean {
  return writer.write(() => {
    if (!isNewest(writer, owner)) return false;
    const epoch = Math.max(foreignEpoch(writer), foreign);
    writer.prepare("INSERT OR REPLACE INTO meta VALUES ('foreign_epoch', ?)").run(epoch);
    return true;
  });
}

const ownedShard = (row: Row): OwnedShard => ({ shard: row["shard"] as number, epoch: row["epoch"] as number });

/** Throws FencedError unless each shard has the epoch it is given with; who writes calls it inside its transaction. */
export function checkEpochs(connection: Connection, shards: readonly OwnedShard[]): void {
  for (const owned of shards) if (!isNewest(connection, owned)) throw new FencedError();
}

function isNewest(connection: Connection, { shard, epoch }: OwnedShard): boolean {
  return connection.prepare("SELECT epoch FROM shard WHERE shard = ?").get(shard)?.["epoch"] === epoch;
}
