import { afterEach, expect, test } from "@jest/globals";
import { payloadCodec } from "../../sdk/typescript/codecs/payload-codec.ts";
import { taskType } from "../../sdk/typescript/index.ts";
import { HandlerFloor } from "../../sdk/typescript/worker/handler-floor.ts";
import { createFakeCoordinator } from "../support/fake-coordinator.ts";
import { TimerWatch } from "../support/timer-watch.ts";

const silent = { onLogAck: () => {}, onOutcomeAck: () => {}, onDrain: () => {}, onCancel: () => {} };

const { setTimeout, setInterval } = globalThis;
afterEach(() => {
  Object.assign(globalThis, { setTimeout, setInterval });
});

test("a handler whose lease is somebody else's is told at once, reports nothing, leaves no timer, and frees its slot", async () => {
  const coordinator = createFakeCoordinator();
  const stopped = Promise.withResolvers<unknown>();
  const end = Promise.withResolvers<void>();
  const handler = taskType<unknown, void>("work").handler(async (_input, { signal }) => {
    signal.addEventListener("abort", () => stopped.resolve(signal.reason));
    await end.promise;
  });
  const session = coordinator.open({
    worker: {},
    held: () => floor.held(),
    events: { ...silent, onConnected: () => floor.connected(), onLease: (lease) => floor.lease(lease) },
  });
  const floor = new HandlerFloor(session, payloadCodec(), new Map([["work", handler as never]]), 1);
  floor.offer();
  await coordinator.until(() => coordinator.credit === 1);
  const timers = new TimerWatch();
  timers.watch(globalThis);
  const given = coordinator.lease({ type: "work" }, { timeout: { seconds: 60n } });
  await coordinator.started(given);
  expect(timers.holding()).toEqual([expect.stringMatching(/sdk\/typescript\/worker/)]);
  floor.fence(given);
  expect(await stopped.promise).toMatchObject({ reason: "lost" });
  expect(timers.holding()).toEqual([]);
  expect(floor.held()).toEqual([]);
  end.resolve();
  await coordinator.until(() => coordinator.credit > 0);
  expect(coordinator.outcomes).toEqual([]);
  floor.close();
});
