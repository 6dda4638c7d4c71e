import { type Worker, WorkerState, WorkerStateSchema } from "../../proto/gen/tss/v1/operator_service_pb.js";
import type { Painter } from "./color.ts";
import { printable } from "./printable.ts";
import { type Column, pairLines, tableLines } from "./table.ts";
import { pairsText } from "./task-detail.ts";
import { clockText, msOf, relativeText } from "./time.ts";
import { enumWord } from "./words.ts";

export function workerTable(
  workers: readonly Worker[],
  now: number,
  width: number | undefined,
  paint: Painter,
): string[] {
  const shape: Column<Worker>[] = [
    { title: "SESSION", value: (worker) => printable(worker.sessionId) },
    {
      title: "NAME",
      value: (worker) => printable(worker.info?.name ?? ""),
      shrinkTo: 8,
      paint: (text) => paint.bold(text),
    },
    { title: "STATE", value: stateWord, paint: (text, worker) => paintState(paint, text, worker.state) },
    { title: "BUSY", value: (worker) => `${worker.running}/${worker.info?.slots ?? 0}`, right: true },
    { title: "QUEUES", value: queuesText, shrinkTo: 6, drop: 2 },
    { title: "RUNS", value: worksText, shrinkTo: 8, drop: 3 },
    { title: "LABELS", value: (worker) => pairsText(worker.info?.labels ?? {}), shrinkTo: 6, drop: 4 },
    { title: "SEEN", value: (worker) => relativeText(msOf(worker.lastSeenAt), now), drop: 1 },
  ];
  return tableLines(workers, shape, width);
}

export function workerDetail(worker: Worker, now: number, paint: Painter): string[] {
  const { info } = worker;
  const time = (at: number | undefined) =>
    at === undefined ? undefined : `${clockText(at)} (${relativeText(at, now)})`;
  return pairLines(
    [
      ["Session", printable(worker.sessionId)],
      ["Name", paint.bold(printable(info?.name ?? ""))],
      ["State", paintState(paint, stateWord(worker), worker.state)],
      ["Host", info && printable(`${info.hostname}, pid ${info.pid}`)],
      ["Version", printable(info?.version ?? "")],
      ["Slots", `${worker.running} of ${info?.slots ?? 0} in use, ${worker.credit} offered`],
      ["Queues", queuesText(worker)],
      ["Runs", worksText(worker)],
      ["Labels", pairsText(info?.labels ?? {})],
      ["Resources", pairsText(info?.resources ?? {})],
      ["Connected", time(msOf(worker.connectedAt))],
      ["Last seen", time(msOf(worker.lastSeenAt))],
      ["Holds", worker.taskIds.map(printable).join(" ")],
    ],
    paint.dim,
  );
}

function stateWord(worker: Worker): string {
  return enumWord(WorkerStateSchema, worker.state);
}

function queuesText(worker: Worker): string {
  const queues = worker.info?.queues ?? [];
  return queues.length === 0 ? "all" : queues.map(printable).join(" ");
}

function worksText(worker: Worker): string {
  return [...(worker.info?.commands ? ["commands"] : []), ...(worker.info?.types ?? [])].map(printable).join(" ");
}

function paintState(paint: Painter, text: string, state: WorkerState): string {
  if (state === WorkerState.ACTIVE) return paint.green(text);
  return state === WorkerState.DISCONNECTED ? paint.red(text) : paint.yellow(text);
}
