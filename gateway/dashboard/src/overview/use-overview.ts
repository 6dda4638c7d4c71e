import { useMemo } from "react";
import type {
  FailureGroupJson,
  LatencyJson,
  PoolStatsJson,
  ProblemJson,
  QueueStatsJson,
  SlowerTypeJson,
  VerdictJson,
} from "../../../../proto/gen/tss/v1/stats_pb.js";
import { type Rows, useRows } from "../live/use-topic.ts";

/** The whole as it is now. */
export interface OverviewNow {
  readonly verdict: VerdictJson;
  readonly totals: QueueStatsJson;
  readonly queues: readonly QueueStatsJson[];
  readonly pools: readonly PoolStatsJson[];
  readonly problems: readonly ProblemJson[];
  readonly failures: readonly FailureGroupJson[];
  readonly slower: readonly SlowerTypeJson[];
  readonly storeOk: boolean;
  readonly store: LatencyJson;
}

/** Once a second, over the browser's one stream. */
export function useOverview() {
  const { state, problem } = useRows<unknown>("stats");
  const now = useMemo(() => (state === undefined ? undefined : toOverview(state)), [state]);
  return { now, problem };
}

/** Puts the parts together that the stream brings one by one. */
export function toOverview({ order, rows }: Pick<Rows<unknown>, "order" | "rows">): OverviewNow {
  const part = <T>(name: string, none: T): T => (rows[name] as T | undefined) ?? none;
  const parts = (prefix: string) => order.filter((name) => name.startsWith(prefix));
  const withMinutes = (stats: QueueStatsJson, spark: string): QueueStatsJson => ({
    ...stats,
    finishedByMinute: part<number[]>(spark, []),
  });
  return {
    verdict: part("verdict", {}),
    totals: withMinutes(part("totals", {}), "spark"),
    queues: parts("queue/").map((name) => withMinutes(part(name, {}), name.replace("queue/", "spark/"))),
    pools: parts("pool/").map((name) => part(name, {})),
    problems: part("problems", []),
    failures: part("failures", []),
    slower: part("slower", []),
    storeOk: part("store-ok", true),
    store: part("store", {}),
  };
}
