import { create } from "@bufbuild/protobuf";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { Store } from "../../coordinator/ports/store.ts";
import {
  ExplainQueueRequestSchema,
  GetQueueRequestSchema,
  PauseQueueRequestSchema,
} from "../../proto/gen/tss/v1/operator_service_pb.js";
import { ListProblemsRequestSchema } from "../../proto/gen/tss/v1/stats_pb.js";
import { CALLER, type EngineHouse, startEngine, submit, TestWorker } from "../support/engine-house.ts";

/** What a running engine on one store says that work waits for. */
export function explainedWaits(name: string, open: () => Promise<Store>): void {
  describe(`waits on ${name}`, () => {
    let house: EngineHouse;
    beforeEach(async () => {
      house = await startEngine(await open());
    });
    afterEach(async () => {
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
      const told = await explainQueue();
      expect(told.explanations.map(({ code, tasks }) => [code, tasks])).toEqual([
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
      expect(await explain(nobody!)).toMatchObject({
        explanations: [{ code: "queue_paused", command: "tss queue resume a" }, {}],
      });
      expect((await explainQueue()).summary).toMatch(/^Queue a is paused.*till noon/);
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
