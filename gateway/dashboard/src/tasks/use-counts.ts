import type { GetOverviewResponseJson } from "../../../../proto/gen/tss/v1/operator_service_pb.js";
import type { STATUSES } from "../../../../proto/search/fields.ts";
import { useValue } from "../live/use-topic.ts";

export type OverviewCounts = Readonly<Record<(typeof STATUSES)[number], number>>;

export interface Counts {
  /** Of the queue, or of all; undefined: not known. */
  readonly counts: OverviewCounts | undefined;
  readonly queues: readonly string[];
  readonly overview: GetOverviewResponseJson | undefined;
}

/** Tasks by status from the counters of the server, which nobody has to count. @param queue empty: all queues. */
export function useCounts(queue: string): Counts {
  const { state } = useValue<GetOverviewResponseJson>("overview");
  const queues = state?.queues ?? [];
  const found = queue === "" ? state?.counts : queues.find(({ name }) => name === queue)?.counts;
  const number = (text: string | undefined) => Number(text ?? 0);
  return {
    overview: state,
    queues: queues.map(({ name }) => name ?? ""),
    counts:
      state === undefined
        ? undefined
        : {
            waiting: number(found?.waiting),
            running: number(found?.running),
            succeeded: number(found?.succeeded),
            failed: number(found?.failed),
            cancelled: number(found?.cancelled),
          },
  };
}
