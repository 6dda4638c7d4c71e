import { WorkerService } from "../../proto/gen/tss/v1/worker_service_pb.js";
import { type EngineState, isServing, movedError } from "../engine/state.ts";
import { atOwner } from "./at-owner.ts";
import type { WorkerOperations, WorkStream } from "./operations.ts";
import type { Peers, Routes } from "./peers.ts";

/**
 * A worker that holds a stream to each coordinator is served here for what is owned here. One that holds a single stream is
 * served for everything: this coordinator speaks to all of them in its place.
 * @param relayed streams of such workers; they are to be ended when this coordinator leaves.
 */
export function routeWorkers(
  state: EngineState,
  local: WorkerOperations,
  routes: Routes,
  peers: Peers,
  relayed: Set<WorkStream>,
): WorkerOperations {
  return {
    ...local,
    getSecrets(caller, request) {
      const shard = state.ids.decode(request.id)?.shard;
      const here = () => local.getSecrets(caller, request);
      if (shard === undefined || shard >= state.shards.count) return here();
      if (caller.forwarded) return isServing(state, shard) ? here() : Promise.reject(movedError());
      return atOwner(routes, shard, (address) =>
        address === null ? here() : peers.call(address, WorkerService.method.getSecrets, request, caller),
      );
    },
    attach(caller, first, stream) {
      const { hello } = first;
      if (caller.forwarded || hello === undefined || hello.joins) return local.attach(caller, first, stream);
      relayed.add(stream);
      const attachment = peers.work(routes.self(), caller, first, stream);
      return {
        receive: (message) => attachment.receive(message),
        closed() {
          relayed.delete(stream);
          attachment.closed();
        },
      };
    },
  };
}
