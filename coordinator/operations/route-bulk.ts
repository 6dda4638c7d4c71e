import { create } from "@bufbuild/protobuf";
import { BulkService } from "../../proto/gen/tss/v1/bulk_service_pb.js";
import { atOwner } from "./at-owner.ts";
import { BULK_SHARD } from "./bulk/bulk-host.ts";
import type { BulkOperations, Caller } from "./operations.ts";
import type { Peers, Routes } from "./peers.ts";

const { method } = BulkService;

/** Calls about jobs on many tasks, answered by the coordinator that carries them out. */
export function routeBulk(local: BulkOperations, routes: Routes, peers: Peers): BulkOperations {
  const atHost = <A>(caller: Caller, here: () => Promise<A>, there: (address: string) => Promise<A>): Promise<A> =>
    caller.forwarded ? here() : atOwner(routes, BULK_SHARD, (address) => (address === null ? here() : there(address)));
  return {
    prepareBulk: (caller, request) =>
      atHost(
        caller,
        () => local.prepareBulk(caller, request),
        (address) => peers.call(address, method.prepareBulk, request, caller),
      ),
    runBulk: (caller, request) =>
      atHost(
        caller,
        () => local.runBulk(caller, request),
        (address) => peers.call(address, method.runBulk, request, caller),
      ),
    stopBulk: (caller, request) =>
      atHost(
        caller,
        () => local.stopBulk(caller, request),
        (address) => peers.call(address, method.stopBulk, request, caller),
      ),
    getBulk: (caller, request) =>
      atHost(
        caller,
        () => local.getBulk(caller, request),
        (address) => peers.call(address, method.getBulk, request, caller),
      ),
    listBulks: (caller) =>
      atHost(
        caller,
        () => local.listBulks(caller),
        (address) => peers.call(address, method.listBulks, create(method.listBulks.input), caller),
      ),
  };
}
