import { create } from "@bufbuild/protobuf";
import { afterEach } from "@jest/globals";
import type { Store } from "../../coordinator/ports/store.ts";
import type { Task } from "../../proto/gen/tss/v1/task_pb.js";
import { CancelTasksRequestSchema, WaitTaskRequestSchema } from "../../proto/gen/tss/v1/task_service_pb.js";
import type { Clock } from "../../runtime/clock.ts";
import { CALLER, type EngineHouse, startEngine } from "./engine-house.ts";
import { type HeldStore, heldStore } from "./held-store.ts";

/** Opens the same database again and again. */
export type Open = () => Promise<Store>;

export interface HeldHouse extends EngineHouse {
  readonly store: HeldStore;
}

/** Engines of one test, closed with it, on stores whose calls can be held. */
export function useEngines() {
  const houses: HeldHouse[] = [];
  afterEach(async () => {
    for (const { store } of houses) store.letGo();
    for (const house of houses.splice(0).reverse()) await house.close();
  });
  return async function start(
    open: Open,
    config: Parameters<typeof startEngine>[1] = {},
    takeover = false,
    clock?: Clock,
  ): Promise<HeldHouse> {
    const store = heldStore(await open());
    const house = { ...(await startEngine(store, config, takeover, undefined, clock)), store };
    houses.push(house);
    return house;
  };
}

export async function getTask(house: EngineHouse, id: string): Promise<Task> {
  const { task } = await house.operations.tasks.getTask(CALLER, { $typeName: "tss.v1.GetTaskRequest", id });
  if (task === undefined) throw new Error("no task");
  return task;
}

export function cancelTasks(house: EngineHouse, ids: string[]) {
  return house.operations.tasks.cancelTasks(CALLER, create(CancelTasksRequestSchema, { ids }));
}

/** The task when it has ended, or as it is after the time. */
export async function waitForTask(house: EngineHouse, id: string, seconds = 20): Promise<Task> {
  const request = create(WaitTaskRequestSchema, { id, timeout: { seconds: BigInt(seconds) } });
  const { task } = await house.operations.tasks.waitTask(CALLER, request, new AbortController().signal);
  if (task === undefined) throw new Error("no task");
  return task;
}

export async function countTasks(house: EngineHouse) {
  const { counts } = await house.operations.operator.getOverview(CALLER);
  if (counts === undefined) throw new Error("no counts");
  return counts;
}
