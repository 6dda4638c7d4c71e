import { create } from "@bufbuild/protobuf";
import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import type { Store } from "../../coordinator/ports/store.ts";
import {
  ExplainQueueRequestSchema,
  GetQueueRequestSchema,
  PauseQueueRequestSchema,
} from "../../proto/gen/tss/v1/operator_service_pb.js";
import { ListProblemsRequestSchema } from "../../proto/gen/tss/v1/stats_pb.js";
import type { Explanation } from "../../proto/gen/tss/v1/task_service_pb.js";
import { CALLER, type EngineHouse, startEngine, submit, TestWorker } from "../support/engine-house.ts";
import { until } from "../support/until.ts";

/** What a running engine on one store says that work waits for. */
export function explainedWaits(name: string, open: () => Promise<Store>): void {
  describe(`waits on ${name}`, () => {
    let house: EngineHouse;
    beforeEach(async () => {
      // Its worker says nothing after it has come, and is not to be taken for one that has lost its connection.
      house = await startEngine(await open(), { leaseTtlMs: 600_000 });
    });
    afterEach(async () => {
      jest.restoreAllMocks();
      await house.close();
    });

    test("a queue and a task say what they wait for", async () => {
      const worker = new TestWorker(house, { types: ["work"], commands: false });
      const [nobody] = await submit(house, [
        { type: "pdf", queue: "a" },
        { type: "work", queue: "a" },
      ]);
      const explainQueue = () =>
        house.operations.operator.explainQueue(CALLER, create(ExplainQueueRequestSchema, { name: "a" }));
      // That commits are slow just now is true of many a machine that runs tests, and told beside everything else.
      const told = ({ explanations }: { explanations: Explanation[] }) =>
        explanations.filter(({ code }) => code !== "store_slow");
      expect(told(await explainQueue()).map(({ code, tasks }) => [code, tasks])).toEqual([
        ["no_handler", 1n],
        ["workers_silent", 1n],
      ]);
      const explain = (id: string) =>
        house.operations.tasks.explainTask(CALLER, { $typeName: "tss.v1.ExplainTaskRequest", id });
      expect(await explain(nobody!)).toMatchObject({
        summary: "No worker has the handler pdf.",
        ahead: expect.any(Number),
      });
      worker.credit(1);
      await worker.until((w) => w.leases.length === 1);
      expect((await explain(worker.leases[0]!.id)).explanations[0]).toMatchObject({ code: "executing" });
      await house.operations.operator.pauseQueue(
        CALLER,
        create(PauseQueueRequestSchema, { name: "a", note: "till noon" }),
      );
      expect(told(await explain(nobody!))).toMatchObject([
        { code: "queue_paused", command: "tss queue resume a" },
        { code: "no_handler" },
      ]);
      expect((await explainQueue()).summary).toMatch(/^Queue a is paused.*till noon/);
    });

    test("a queue that was just named is there, also while nobody may look again because it is dear", async () => {
      jest.spyOn(house.stats.sampler, "refresh").mockImplementation(() => {});
      await submit(house, [{ type: "pdf", queue: "fresh" }]);
      const told = await house.operations.operator.explainQueue(
        CALLER,
        create(ExplainQueueRequestSchema, { name: "fresh" }),
      );
      expect(told.explanations[0]?.code).toBe("no_worker");
    });

    test("one reading that the machine has held up does not keep the next ones from being made", async () => {
      const { sampler } = house.stats;
      const { queues } = house.engine.state;
      const keys = queues.keys.bind(queues);
      let held = false;
      jest.spyOn(queues, "keys").mockImplementation(() => {
        if (!held) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500);
        held = true;
        return keys();
      });
      await until("a reading to be held up", () => {
        sampler.refresh();
        return held;
      });
      await submit(house, [{ type: "pdf", queue: "fresh" }]);
      await until(
        "the next to be made",
        () => {
          sampler.refresh();
          return sampler.gauges.has("fresh");
        },
        8_000,
      );
    });

    test("a queue that nobody has named is not found", async () => {
      const calls = [
        () => house.operations.operator.explainQueue(CALLER, create(ExplainQueueRequestSchema, { name: "nothing" })),
        () => house.operations.operator.getQueue(CALLER, create(GetQueueRequestSchema, { name: "nothing" })),
      ];
      for (const call of calls) await expect(call()).rejects.toMatchObject({ code: "NOT_FOUND" });
      const { problems } = await house.operations.stats.listProblems(
        CALLER,
        create(ListProblemsRequestSchema, { closed: true }),
      );
      expect(problems).toEqual([]);
    });
  });
}
