import { create } from "@bufbuild/protobuf";
import { type Overview, OverviewSchema } from "../../proto/gen/tss/v1/stats_pb.js";
import { type OpenProblem, verdictOf } from "../kernel/problems/judge.ts";
import type { SystemView } from "../kernel/stats/view.ts";
import { toTimestamp } from "../kernel/time.ts";
import type { ActivityLog } from "./activity-log.ts";
import {
  encodeActivity,
  encodeLatency,
  encodePool,
  encodeProblem,
  encodeQueue,
  encodeSlower,
  encodeVerdict,
} from "./encode.ts";
import type { FailureBook } from "./failure-book.ts";
import { topFailures } from "./failure-groups.ts";
import { keyOf } from "./key.ts";
import type { Tracks } from "./tracks.ts";

const QUEUES_SHOWN = 100;

export interface OverviewParts {
  readonly view: SystemView;
  readonly problems: readonly OpenProblem[];
  readonly tracks: Tracks;
  readonly activity: ActivityLog;
  readonly failures: FailureBook;
}

/** Everything the first page shows, in the message of the contract. */
export function makeOverview({ view, problems, tracks, activity, failures }: OverviewParts): Overview {
  const spark = (queue: string | null) => tracks.find(keyOf(queue, null))?.spark ?? [];
  const message = create(OverviewSchema, {
    verdict: encodeVerdict(verdictOf(problems, view)),
    totals: encodeQueue(view.totals, spark(null)),
    queues: view.queues.slice(0, QUEUES_SHOWN).map((queue) => encodeQueue(queue, spark(queue.queue))),
    pools: view.pools.map(encodePool),
    problems: problems.map((problem) => encodeProblem(problem)),
    failures: topFailures(failures, view.at),
    slower: view.slower.map(encodeSlower),
    marks: activity.marks().map(encodeActivity),
    storeOk: view.storeProblem === "",
    store: encodeLatency(view.store),
  });
  const at = toTimestamp(view.at);
  if (at !== undefined) message.at = at;
  return message;
}
