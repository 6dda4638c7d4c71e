import type { GetOverviewResponse, StatsService } from "../../proto/gen/tss/v1/operator_service_pb.js";
import { createPatience } from "../../sdk/typescript/client/patience.ts";
import type { Tasks } from "../../sdk/typescript/client/tasks.ts";
import type { ServiceClient } from "../../sdk/typescript/connection-types.ts";
import type { TaskFilter } from "../list-tasks.ts";
import { painterFor } from "../render/color.ts";
import { frameLines } from "./frame.ts";
import { type LiveTasks, watchNewest } from "./live-tasks.ts";
import { openScreen } from "./screen.ts";

/** Tasks kept in memory; more than any terminal has lines. */
const KEPT_TASKS = 500;
/** Shortest time between two frames: many changes at once make one. */
const FRAME_MS = 100;
/** Relative times and the counts move on even when no task changes. */
const TICK_MS = 1_000;
const GIVE_UP_MS = 300_000;

/** Draws the tasks of a filter until the user quits. @throws TssError when no coordinator has answered for 5 minutes. */
export async function showLiveTable(
  tasks: Tasks,
  stats: ServiceClient<typeof StatsService>,
  filter: TaskFilter,
): Promise<void> {
  const quit = new AbortController();
  const { signal } = quit;
  const paint = painterFor(process.stdout);
  let live: LiveTasks = { tasks: [], connected: true };
  let overview: GetOverviewResponse | undefined;
  let planned: NodeJS.Timeout | undefined;
  const draw = () => {
    planned = undefined;
    screen.draw(frameLines(live, overview, screen, Date.now(), paint));
  };
  const drawSoon = () => {
    planned ??= setTimeout(draw, FRAME_MS);
  };
  const onKey = (key: string) => {
    if (key === "q" || key === "Q" || key === "\u0003") quit.abort();
  };
  const screen = openScreen(process.stdin, process.stdout, onKey, draw);
  const onSignal = () => quit.abort();
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(name, onSignal);
  const readCounts = () =>
    stats.getOverview({}, { signal }).then(
      (answer) => {
        overview = answer;
        drawSoon();
      },
      // A viewer of tasks need not have the right to see the counts.
      () => {},
    );
  const ticking = setInterval(() => {
    drawSoon();
    void readCounts();
  }, TICK_MS);
  void readCounts();
  try {
    await watchNewest(tasks, filter, KEPT_TASKS, {
      signal,
      patience: createPatience(GIVE_UP_MS, () => {}),
      onChange(change) {
        live = change.connected ? change : { tasks: live.tasks, connected: false };
        drawSoon();
      },
    });
  } finally {
    quit.abort();
    clearInterval(ticking);
    clearTimeout(planned);
    for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.removeListener(name, onSignal);
    screen.close();
  }
}
