import { copyFileSync, renameSync, rmSync } from "node:fs";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { StoreLostError } from "../../coordinator/ports/store-errors.ts";
import { claimAll } from "../contract/store/owner.ts";
import { type Lab, openLab } from "./lab.ts";

let lab: Lab;
beforeEach(async () => {
  lab = await openLab();
});
afterEach(() => lab.close());

const LOSSES: readonly (readonly [string, (path: string) => void, RegExp])[] = [
  ["removed", (path) => rmSync(path), /tss\.db was removed or replaced/],
  ["moved away", (path) => renameSync(path, `${path}.away`), /tss\.db was removed or replaced/],
  [
    "replaced by a copy",
    (path) => {
      copyFileSync(path, `${path}.copy`);
      renameSync(`${path}.copy`, path);
    },
    /tss\.db was removed or replaced/,
  ],
  ["robbed of its write-ahead log", (path) => rmSync(`${path}-wal`), /tss\.db-wal was removed or replaced/],
];

test.each(LOSSES)("a database that is %s takes nothing more", async (_name, lose, sentence) => {
  const owner = await claimAll(await lab.open());
  await owner.openSegment();
  await owner.flush({ tasks: [owner.task()] });
  await owner.store.checkOwner(owner.shards);
  lose(lab.path);
  const refusal = owner.flush({ tasks: [owner.task()] });
  await expect(refusal).rejects.toBeInstanceOf(StoreLostError);
  await expect(refusal).rejects.toThrow(sentence);
  await expect(owner.store.checkOwner(owner.shards)).rejects.toBeInstanceOf(StoreLostError);
  await expect(owner.store.catalog.internLanes(["{}"])).rejects.toBeInstanceOf(StoreLostError);
});
