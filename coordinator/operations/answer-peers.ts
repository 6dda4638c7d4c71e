import { create } from "@bufbuild/protobuf";
import { GetOpenBucketsResponseSchema } from "../../proto/gen/tss/v1/peer_service_pb.js";
import { STORED } from "../kernel/stats/resolution.ts";
import { Violations } from "../kernel/violations.ts";
import type { Stats } from "../stats/start-stats.ts";
import type { PeerOperations } from "./operations.ts";

const KEYS = 10;

/** What this coordinator tells the others of itself. */
export function peerOperations({ samples, series }: Stats): PeerOperations {
  return {
    watchSamples: (_caller, { cursor }, signal) => samples.watch(cursor, signal),
    async getOpenBuckets(_caller, { keys, resolutionSeconds }) {
      const found = new Violations();
      found.number("keys", keys.length, 1, KEYS);
      if (!STORED.some(({ ms }) => ms === resolutionSeconds * 1_000))
        found.add("resolution_seconds", "must be 10, 60 or 3600");
      found.check();
      const { owner, at, buckets } = series.open(keys, resolutionSeconds * 1_000);
      return create(GetOpenBucketsResponseSchema, {
        ...{ owner: BigInt(owner), atMs: BigInt(at) },
        buckets: [...buckets].map(([key, bucket]) => ({ key, bucket: JSON.stringify(bucket) })),
      });
    },
  };
}
