import { EventEmitter } from "node:events";
import { expect, test } from "@jest/globals";
import { followSignals } from "../../runtime/signal-ladder.ts";

function ladder() {
  const source = new EventEmitter();
  const steps: string[] = [];
  let now = 0;
  const off = followSignals(
    source,
    {
      first: (signal) => steps.push(`first ${signal}`),
      second: (signal) => steps.push(`second ${signal}`),
      third: (signal) => steps.push(`third ${signal}`),
    },
    () => now,
  );
  const send = (signal: string, afterMs: number): void => {
    now += afterMs;
    source.emit(signal);
  };
  return { source, steps, off, send };
}

test("each meant signal climbs one step", () => {
  const { steps, send } = ladder();
  send("SIGTERM", 0);
  send("SIGINT", 200);
  send("SIGTERM", 200);
  send("SIGTERM", 200);
  expect(steps).toEqual(["first SIGTERM", "second SIGINT", "third SIGTERM", "third SIGTERM"]);
});

test("signals of one Ctrl-C count once", () => {
  const { steps, send } = ladder();
  send("SIGINT", 0);
  send("SIGTERM", 199);
  expect(steps).toEqual(["first SIGINT"]);
});

test("SIGQUIT goes to the second step, also right after a first", () => {
  const { steps, send } = ladder();
  send("SIGTERM", 0);
  send("SIGQUIT", 1);
  send("SIGTERM", 500);
  expect(steps).toEqual(["first SIGTERM", "second SIGQUIT", "third SIGTERM"]);
});

test("nothing listens any more once it is off", () => {
  const { source, off } = ladder();
  off();
  expect(source.eventNames()).toEqual([]);
});
