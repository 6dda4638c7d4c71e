import { Link } from "@tanstack/react-router";
import type { StateCountsJson } from "../../../../proto/gen/tss/v1/stats_pb.js";
import type { TaskReasonJson } from "../../../../proto/gen/tss/v1/task_pb.js";
import { stateLook } from "../tasks/state-words.ts";
import { formatCount } from "../ui/format-count.ts";
import { Glyph } from "../ui/glyph.tsx";
import { readNumber } from "../ui/number.ts";

const STATES = ["running", "ready", "scheduled", "blocked", "retrying", "throttled", "paused"] as const;

/** Every task that has not ended, by what it does or waits for. */
export function StateBar({ states = {} }: { readonly states: StateCountsJson | undefined }) {
  const parts = STATES.map((state) => {
    const status = state === "running" ? "running" : "waiting";
    const reason = `TASK_REASON_${state.toUpperCase()}` as TaskReasonJson;
    const look = stateLook(`TASK_STATUS_${status.toUpperCase()}` as never, state === "running" ? undefined : reason);
    return { state, status, look, count: readNumber(states[state]) };
  });
  const all = parts.reduce((sum, { count }) => sum + count, 0);
  return (
    <section className="state-bar" aria-label="Tasks that have not ended">
      <div className="state-bar-line" aria-hidden="true">
        {all > 0 &&
          parts
            .filter(({ count }) => count > 0)
            .map(({ state, look, count }) => (
              <span key={state} className={`part-${state} ${look.meaning}`} style={{ flexGrow: count }} />
            ))}
      </div>
      <ul>
        {parts
          .filter(({ state, count }) => count > 0 || state === "running" || state === "ready")
          .map(({ state, status, look, count }) => (
            <li key={state}>
              <Link to="/tasks" search={{ q: `status:${status}` }}>
                <span className={`state ${look.meaning}`}>
                  <Glyph name={look.glyph} />
                  {state}
                </span>{" "}
                <span className="tabular">{formatCount(count)}</span>
              </Link>
            </li>
          ))}
      </ul>
    </section>
  );
}
