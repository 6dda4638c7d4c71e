import { expect, test } from "@jest/globals";
import { numberInEpoch } from "../../coordinator/kernel/task-ref.ts";
import { LockService } from "../../proto/gen/tss/v1/lock_service_pb.js";
import { startCluster } from "./cluster-house.ts";

test("of several coordinators all end when one is shown a token that none has given, and none starts again", async () => {
  const cluster = await startCluster(2);
  const [one, other] = cluster.nodes;
  const asked = { name: "deploy", token: BigInt(numberInEpoch(40, 1)) };
  await expect(one!.connection.service(LockService).renewLock(asked)).rejects.toMatchObject({ code: "UNAVAILABLE" });
  for (const { process } of [one!, other!]) {
    expect(await process.ended).toBe(70);
    expect(process.output()).toMatch(
      /holds? .*fencing token .*of epoch 40, .* run `tss db restored`, then start again\./,
    );
  }
  await expect(cluster.join()).rejects.toThrow("run `tss db restored`, then start again.");
});
