import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { LatencyJson } from "../../../../proto/gen/tss/v1/stats_pb.js";
import type { TaskJson } from "../../../../proto/gen/tss/v1/task_pb.js";
import { call } from "../api/call.ts";
import { formatDuration, readSeconds } from "../time/format.ts";
import { serverNow } from "../time/server-clock.ts";
import { useNow } from "../time/ticking.ts";
import { Age } from "../time/time.tsx";
import { displayText } from "../ui/display-text.ts";
import { formatCount } from "../ui/format-count.ts";
import { Glyph } from "../ui/glyph.tsx";
import { readNumber } from "../ui/number.ts";
import { compareSpan, differences, ranMs, waitedMs } from "./usual.ts";

const AGAIN_MS = 30_000;
const WEEK_MS = 7 * 86_400_000;

/** How this task stands beside others of its kind: times of the last 7 days, and what is other than in the last that succeeded. */
export function CompareNormal({ task }: { readonly task: TaskJson }) {
  const { queue = "", type } = task;
  const now = useNow();
  const usual = useQuery({
    queryKey: ["usual", queue, type ?? ""],
    queryFn: async ({ signal }) => {
      const from = new Date(serverNow() - WEEK_MS).toISOString();
      const request = { from, queue, type: type ?? "", points: 1, withoutHistograms: true };
      return (await call("StatsService", "getSeries", request, signal)).total ?? null;
    },
    staleTime: AGAIN_MS,
    refetchInterval: AGAIN_MS,
  });
  const kind = type === undefined ? `commands of queue ${queue}` : `${displayText(type, 60)} in queue ${queue}`;
  return (
    <section className="compare" aria-label="Compared with normal">
      <h2>Compared with normal</h2>
      <p className="hint">
        {kind}, {formatCount(readNumber(usual.data?.wait?.count))} in the last 7 days
      </p>
      <dl className="facts">
        <Row name="Waited" ms={waitedMs(task, now)} usual={usual.data?.wait} />
        <Row name="Ran" ms={ranMs(task, now)} usual={usual.data?.run} />
      </dl>
      <LastSuccess task={task} />
    </section>
  );
}

function Row(props: {
  readonly name: string;
  readonly ms: number | undefined;
  readonly usual: LatencyJson | undefined;
}) {
  const { name, ms, usual } = props;
  const [p50, p95] = [readSeconds(usual?.p50), readSeconds(usual?.p95)];
  const count = readNumber(usual?.count);
  const verdict = compareSpan(ms, p50, p95, count);
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        <span className="tabular">{ms === undefined ? "–" : formatDuration(ms)}</span>{" "}
        {verdict !== undefined && (
          <span className={`state ${verdict.meaning}`}>
            <Glyph name={verdict.glyph} />
            {verdict.word}
          </span>
        )}
        <br />
        <span className="dim tabular">
          {p50 === undefined || p95 === undefined
            ? "no other is known"
            : `p50 ${formatDuration(p50)} · p95 ${formatDuration(p95)}`}
        </span>
      </dd>
    </div>
  );
}

/** The newest of the same kind that succeeded. Commands are of a kind when they have a name in common. */
function LastSuccess({ task }: { readonly task: TaskJson }) {
  const { id, queue = "", type, name = "", spec } = task;
  const kind = type === undefined ? { queue, name } : { queue, type };
  const { data } = useQuery({
    queryKey: ["last success", kind],
    queryFn: async ({ signal }) => {
      const request = { ...kind, status: ["TASK_STATUS_SUCCEEDED" as const], limit: 1 };
      const { tasks = [] } = await call("TaskService", "listTasks", request, signal);
      const [found] = tasks;
      return found?.id === undefined
        ? null
        : ((await call("TaskService", "getTask", { id: found.id }, signal)).task ?? null);
    },
    staleTime: 60_000,
  });
  if (data === undefined) return null;
  if (data === null) return <p className="dim">None like it has succeeded lately.</p>;
  if (data.id === id) return <p>It is the last of its kind that succeeded.</p>;
  const other = differences(spec ?? {}, data.spec ?? {});
  return (
    <p>
      <Link to="/task/$id" params={{ id: data.id ?? "" }}>
        The last that succeeded
      </Link>{" "}
      ended <Age at={data.endedAt} />,{" "}
      {other.length === 0 ? "and was given the same." : `with other ${other.join(", ")}.`}
    </p>
  );
}
