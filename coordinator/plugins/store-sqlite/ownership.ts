import type { OwnedShard } from "../../ports/store.ts";
import { FencedError, OwnedError } from "../../ports/store-errors.ts";
import type { Connection } from "./connection.ts";
import type { Handles } from "./handles.ts";
import type { Row } from "./row-codec.ts";

/** See Store.claim. The lock file is changed under the write lock of the database: claims come one after the other. */
export function claim(handles: Handles, owner: string, takeover: boolean, by: number): readonly OwnedShard[] {
  const { writer, lock, memory } = handles;
  const before = lock.held;
  memory.forget();
  try {
    return writer.write(() => {
      const living = lock.take(owner, takeover);
      if (living !== null) throw new OwnedError(living);
      writer.prepare("UPDATE shard SET epoch = epoch + ?").run(by);
      return writer.prepare("SELECT shard, epoch FROM shard ORDER BY shard").all().map(ownedShard);
    });
  } catch (error) {
    if (!before) lock.release();
    throw error;
  }
}

const ownedShard = (row: Row): OwnedShard => ({ shard: row["shard"] as number, epoch: row["epoch"] as number });

/** Throws FencedError unless each shard has the epoch it is given with; who writes calls it inside its transaction. */
export function checkEpochs(connection: Connection, shards: readonly OwnedShard[]): void {
  const select = connection.prepare("SELECT epoch FROM shard WHERE shard = ?");
  for (const { shard, epoch } of shards) if (select.get(shard)?.["epoch"] !== epoch) throw new FencedError();
}
