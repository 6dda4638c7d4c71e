import { create } from "@bufbuild/protobuf";
import { TssError } from "../../proto/errors.ts";
import {
  GetOpenBucketsRequestSchema,
  PeerService,
  WatchSamplesRequestSchema,
} from "../../proto/gen/tss/v1/peer_service_pb.js";
import { systemTimers, type Timers } from "../../runtime/timers.ts";
import type { PackedBucket } from "../kernel/stats/bucket.ts";
import { decodeSample } from "../stats/sample.ts";
import type { OpenBuckets } from "../stats/series.ts";
import type { Stats } from "../stats/start-stats.ts";
import { PEER, type Peers, type Routes } from "./peers.ts";

const LOOK_MS = 500;
/** Pause before a coordinator that has broken off is listened to again. */
const AGAIN_MS = 1_000;
/** The same for one that cannot tell, such as one of an older version. */
const UNKNOWN_MS = 60_000;
const CANNOT_TELL: ReadonlySet<string> = new Set(["UNIMPLEMENTED", "PERMISSION_DENIED", "UNAUTHENTICATED"]);
const ANSWER_MS = 1_000;

/** Listens to what every other coordinator counts, for as long as it is one. @returns the end of it. */
export function followPeers(
  { others }: Pick<Stats, "others">,
  routes: Pick<Routes, "others">,
  peers: Pick<Peers, "stream">,
  timers: Timers = systemTimers,
): () => void {
  const over = new AbortController();
  const followed = new Set<string>();
  const cursors = new Map<string, string>();
  const follow = async (address: string): Promise<void> => {
    followed.add(address);
    let pauseMs = AGAIN_MS;
    try {
      const request = create(WatchSamplesRequestSchema, { cursor: cursors.get(address) ?? "" });
      const stream = peers.stream(address, PeerService.method.watchSamples, request, PEER, over.signal);
      for await (const { cursor, sample } of stream) {
        others.hear(decodeSample(sample));
        cursors.set(address, cursor);
      }
    } catch (error) {
      if (!(error instanceof TssError) || CANNOT_TELL.has(error.code)) pauseMs = UNKNOWN_MS;
    }
    if (!over.signal.aborted) timers.after(pauseMs, () => followed.delete(address));
  };
  const look = () => {
    const living = routes.others();
    for (const address of cursors.keys())
      if (!living.includes(address) && !followed.has(address)) cursors.delete(address);
    for (const address of living) if (!followed.has(address)) void follow(address);
  };
  const callOff = timers.every(LOOK_MS, look);
  return () => {
    callOff();
    over.abort();
  };
}

/** What the other coordinators have counted in the buckets under way; who does not answer soon is left out. */
export async function openElsewhere(
  routes: Routes,
  peers: Peers,
  keys: readonly string[],
  resolutionMs: number,
): Promise<readonly OpenBuckets[]> {
  const request = create(GetOpenBucketsRequestSchema, { keys: [...keys], resolutionSeconds: resolutionMs / 1_000 });
  const { getOpenBuckets } = PeerService.method;
  const answers = await Promise.allSettled(
    routes
      .others()
      .map((address) => peers.call(address, getOpenBuckets, request, PEER, AbortSignal.timeout(ANSWER_MS))),
  );
  return answers.flatMap((answer) => {
    if (answer.status === "rejected") return [];
    const { owner, atMs, buckets } = answer.value;
    const found = buckets.map(({ key, bucket }) => [key, JSON.parse(bucket) as PackedBucket] as const);
    return [{ owner: Number(owner), at: Number(atMs), buckets: new Map(found) }];
  });
}
