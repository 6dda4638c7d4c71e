import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { beforeEach, describe, expect, test } from "@jest/globals";
import { timestampMs } from "../../coordinator/kernel/time.ts";
import type { Store } from "../../coordinator/ports/store.ts";
import {
  BulkAction,
  BulkPhase,
  PrepareBulkRequestSchema,
  RunBulkRequestSchema,
} from "../../proto/gen/tss/v1/bulk_service_pb.js";
import { AttemptOutcome, TaskReason, TaskStatus } from "../../proto/gen/tss/v1/task_pb.js";
import { ListTasksRequestSchema } from "../../proto/gen/tss/v1/task_service_pb.js";
import { CALLER, submit, TestWorker } from "../support/engine-house.ts";
import { cancelTasks, getTask, type HeldHouse, useEngines, waitForTask } from "../support/engines.ts";
import { MovedClock } from "../support/moved-clock.ts";
import { until } from "../support/until.ts";

const HOUR = { seconds: 3_600n };
const json = (value: unknown, contentType = "application/json", encodings: string[] = []) => ({
  payload: { data: Buffer.from(JSON.stringify(value)), contentType, encodings },
});

/** What tasks can be searched by, on one store: every plugin must answer the same. */
export function searchExam(name: string, database: () => Promise<() => Promise<Store>>): void {
  describe(`a search for tasks, on ${name}`, () => {
    const start = useEngines();
    let house: HeldHouse;
    const clock = new MovedClock();
    beforeEach(async () => {
      clock.wallMs = 0;
      house = await start(await database(), {}, false, clock);
    });

    async function list(request: MessageInitShape<typeof ListTasksRequestSchema>) {
      const page = await house.operations.tasks.listTasks(CALLER, create(ListTasksRequestSchema, request));
      return { ...page, names: page.tasks.map((task) => task.name) };
    }
    // Tasks of one message are as old as each other: their order is of no account here.
    const names = async (request: MessageInitShape<typeof ListTasksRequestSchema>) =>
      (await list(request)).names.sort();

    test("by the text of an error, whatever its letters, by exit code and signal; other tasks have none", async () => {
      const worker = new TestWorker(house, { credit: 10 });
      const ends = [
        { error: { type: "TypeError", message: "fetch failed: ECONNRESET" }, reason: TaskReason.HANDLER_ERROR },
        { exitCode: 17, reason: TaskReason.EXIT_CODE },
        { signal: "SIGSEGV", reason: TaskReason.SIGNAL },
        null,
      ];
      const ids = await submit(
        house,
        ["reset", "exits", "dies", "works"].map((one) => ({ command: "x", name: one })),
      );
      await worker.until((w) => w.leases.length === 4);
      for (const [at, end] of ends.entries())
        worker.report(
          worker.leases.find(({ id }) => id === ids[at])!,
          end === null ? AttemptOutcome.SUCCEEDED : AttemptOutcome.FAILED,
          end ?? {},
        );
      await worker.until((w) => w.acks.length === 4);
      await submit(house, [{ command: "x", name: "waits", selector: { nobody: "1" } }]);
      expect(await names({ error: ["econnreset"] })).toEqual(["reset"]);
      expect(await names({ error: ["TYPEERROR: FETCH", "reset"] })).toEqual(["reset"]);
      expect(await names({ error: ["exit code 17"] })).toEqual(["exits"]);
      expect(await names({ error: ["sigsegv"], status: [TaskStatus.FAILED] })).toEqual(["dies"]);
      expect(await names({ error: ["exit code 17", "econnreset"] })).toEqual([]);
      expect(await names({ notError: ["econnreset"] })).toEqual(["dies", "exits", "waits", "works"]);
      expect(await names({ notError: ["econnreset", "SEGV"], status: [TaskStatus.FAILED] })).toEqual(["exits"]);
      await expect(list({ error: ["x"], status: [TaskStatus.SUCCEEDED] })).rejects.toMatchObject({
        message: "status must be failed, or left out, when error is given.",
      });
    });

    test("by how long it waited for its first start: to it, to its end without one, or until now", async () => {
      const worker = new TestWorker(house, { credit: 2 });
      const retry = { limit: 1, interval: { seconds: 0n, nanos: 1 } };
      const [twice = ""] = await submit(house, [{ command: "x", name: "tried twice", retry }]);
      for (const attempt of [1, 2]) {
        await worker.until((w) => w.leases.length === attempt);
        worker.report(worker.leases[attempt - 1]!, AttemptOutcome.FAILED, {
          reason: TaskReason.EXIT_CODE,
          exitCode: 1,
        });
      }
      await waitForTask(house, twice);
      const nobody = { selector: { nobody: "1" } };
      const [, cancelled = ""] = await submit(house, [
        { command: "x", name: "waits", ...nobody },
        { command: "x", name: "cancelled", ...nobody },
        { command: "x", name: "due tomorrow", delay: { seconds: 86_400n }, ...nobody },
      ]);
      await cancelTasks(house, [cancelled]);
      const at = timestampMs((await getTask(house, twice)).createdAt!);
      const soon = timestampFromMs(at + 7_200_000);
      expect(await names({ waitedOver: HOUR, measuredUntil: soon })).toEqual(["waits"]);
      expect(await names({ waitedUnder: HOUR, measuredUntil: soon })).toEqual([
        "cancelled",
        "due tomorrow",
        "tried twice",
      ]);
      expect(await names({ waitedOver: HOUR })).toEqual([]);
      clock.wallMs = 7_200_000;
      expect(await names({ waitedOver: HOUR })).toEqual(["waits"]);
      expect(await names({ waitedOver: HOUR, waitedUnder: HOUR })).toEqual([]);
      await expect(list({ waitedOver: { seconds: -1n } })).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    });

    test("by values in its payload, where that is JSON", async () => {
      await submit(house, [
        { type: "a", name: "ada", ...json({ user: { id: 42, tags: ["x", "y"] } }) },
        { type: "a", name: "bob", ...json({ user: { id: 43 } }, "application/vnd.api+json; charset=utf-8") },
        { type: "a", name: "text", ...json({ user: { id: 42 } }, "text/plain") },
        { type: "a", name: "packed", ...json({ user: { id: 42 } }, "application/json", ["gzip"]) },
        { type: "a", name: "broken", payload: { data: Buffer.from("{"), contentType: "application/json" } },
        { type: "a", name: "bare" },
      ]);
      expect(await names({ args: ["user.id=42"] })).toEqual(["ada"]);
      expect(await names({ args: ["user.id=43"] })).toEqual(["bob"]);
      expect(await names({ args: ["user.tags=y", "user.id=42"] })).toEqual(["ada"]);
      expect(await names({ args: ["user.id=42"], notArgs: ["user.tags=y"] })).toEqual([]);
      expect(await names({ notArgs: ["user.id=42"] })).toEqual(["bare", "bob", "broken", "packed", "text"]);
      await expect(list({ args: ["user.id"] })).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
      await expect(list({ args: Array(9).fill("a=1") })).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    });

    test("by what it is not: queue, name, handler, label, in the store as among what runs", async () => {
      const spec = (one: string, more: object = {}) => ({ command: "x", name: one, queue: "a", ...more });
      await submit(house, [
        spec("one", { labels: { env: "prod" } }),
        spec("two", { queue: "b" }),
        spec("three", { labels: { env: "test" } }),
        { type: "work", name: "four", queue: "a" },
      ]);
      const answers = async (status: TaskStatus[]) => [
        await names({ status, notQueue: ["a"] }),
        await names({ status, notQueue: ["b"], notName: ["one"] }),
        await names({ status, queue: "a", notQueue: ["a"] }),
        await names({ status, notType: ["work"] }),
        await names({ status, notLabel: ["env=prod"] }),
        await names({ status, notLabel: ["env"] }),
      ];
      const wanted = [
        ["two"],
        ["four", "three"],
        [],
        ["one", "three", "two"],
        ["four", "three", "two"],
        ["four", "two"],
      ];
      expect(await answers([])).toEqual(wanted);
      const worker = new TestWorker(house, { credit: 10 });
      await worker.until((w) => w.leases.length === 4);
      await until("all to run", async () => (await names({ status: [TaskStatus.RUNNING] })).length === 4);
      expect(await answers([TaskStatus.RUNNING])).toEqual(wanted);
    });

    test("by attempts, how long the newest ran, its worker, and by how handlers begin", async () => {
      const retry = { limit: 2, interval: { seconds: 0n, nanos: 1 } };
      const [one = "", many = ""] = await submit(house, [
        { type: "send.mail", name: "once" },
        { type: "send.sms", name: "thrice", retry },
      ]);
      await submit(house, [
        { type: "sender", name: "waits", selector: { nobody: "1" } },
        { command: "x", name: "command", selector: { nobody: "1" } },
      ]);
      const worker = new TestWorker(house, { credit: 10, types: ["send.mail", "send.sms", "sender"] });
      const failing = { reason: TaskReason.HANDLER_ERROR };
      for (const attempt of [1, 2, 3]) {
        await worker.until((w) => w.leases.filter(({ id }) => id === many).length === attempt);
        const lease = worker.leases.findLast(({ id }) => id === many)!;
        worker.report(
          lease,
          attempt < 3 ? AttemptOutcome.FAILED : AttemptOutcome.SUCCEEDED,
          attempt < 3 ? failing : {},
        );
      }
      await waitForTask(house, many);
      await worker.until((w) => w.leases.some(({ id }) => id === one));
      await until("it to run", async () => (await names({ status: [TaskStatus.RUNNING] })).length === 1);
      expect(await names({ attemptsMin: 2 })).toEqual(["thrice"]);
      expect(await names({ attemptsMin: 1, attemptsMax: 2 })).toEqual(["once"]);
      expect(await names({ attemptsMax: 2 })).toEqual(["command", "once", "waits"]);
      expect(await names({ worker: ["nobody", "test-worker"] })).toEqual(["once", "thrice"]);
      expect(await names({ notWorker: ["test-worker"] })).toEqual(["command", "waits"]);
      expect(await names({ ranUnder: HOUR })).toEqual(["once", "thrice"]);
      clock.wallMs = 7_200_000;
      expect(await names({ ranOver: HOUR })).toEqual(["once"]);
      expect(await names({ ranUnder: HOUR })).toEqual(["thrice"]);
      expect(await names({ ranOver: HOUR, status: [TaskStatus.RUNNING], worker: ["test-worker"] })).toEqual(["once"]);
      expect(await names({ type: "send*" })).toEqual(["once", "thrice", "waits"]);
      expect(await names({ type: "send.*", notType: ["send.s*"] })).toEqual(["once"]);
      expect(await names({ notType: ["send*"] })).toEqual(["command"]);
      expect(await names({ type: "sen" })).toEqual([]);
    });

    test("a job takes what fits a search, as long as it had waited when the job was prepared", async () => {
      const nobody = { selector: { nobody: "1" } };
      await submit(house, [
        { type: "work", name: "meant", ...nobody, ...json({ of: "us" }) },
        { type: "work", name: "theirs", ...nobody, ...json({ of: "them" }) },
      ]);
      clock.wallMs = 7_200_000;
      const [late = ""] = await submit(house, [{ type: "work", name: "late", ...nobody, ...json({ of: "us" }) }]);
      const filter = { args: ["of=us"], waitedOver: HOUR };
      const { bulk } = await house.operations.bulk.prepareBulk(
        CALLER,
        create(PrepareBulkRequestSchema, { action: BulkAction.CANCEL, filter }),
      );
      const { id } = bulk!;
      const phase = async () => (await house.operations.bulk.getBulk(CALLER, { id } as never)).bulk!;
      await until("the job to have counted", async () => (await phase()).phase === BulkPhase.READY);
      expect(await phase()).toMatchObject({ total: 1 });
      clock.wallMs = 20_000_000;
      await house.operations.bulk.runBulk(CALLER, create(RunBulkRequestSchema, { id }));
      await until("the job to be done", async () => (await phase()).phase === BulkPhase.DONE);
      expect(await phase()).toMatchObject({ total: 1, done: 1, changed: 1 });
      expect(await names({ status: [TaskStatus.CANCELLED] })).toEqual(["meant"]);
      expect((await getTask(house, late)).status).toBe(TaskStatus.WAITING);
    });

    test("one that finds little says how far back it looked, and is gone on with to the end", async () => {
      await submit(house, [{ type: "a", name: "needle", ...json({ found: true }) }]);
      clock.wallMs = 1_000;
      for (let round = 0; round < 6; round++)
        await submit(
          house,
          Array.from({ length: 1_000 }, () => ({ type: "a", name: "hay", ...json({ round }) })),
        );
      const reads: number[] = [];
      house.store.hold("before", "reads.list", () => {
        reads[0] = (reads[0] ?? 0) + 1;
        return false;
      });
      const first = await list({ args: ["found=true"] });
      expect(first).toMatchObject({ names: [], nextCursor: expect.stringMatching(/./) });
      expect(first.scannedTo).toBeDefined();
      expect(reads[0]).toBeLessThanOrEqual(52);
      const second = await list({ args: ["found=true"], cursor: first.nextCursor });
      expect(second).toMatchObject({ names: ["needle"], nextCursor: "" });
      expect(second.scannedTo).toBeUndefined();
    });

    test("one that has read enough of large payloads stops, and none of them is passed over", async () => {
      const long = "x".repeat(250_000);
      for (let at = 0; at < 24; at++) await submit(house, [{ type: "a", name: `p${at}`, ...json({ at, long }) }]);
      const pages: string[][] = [];
      let cursor = "";
      do {
        const page = await list({ args: ["long=short"], cursor });
        pages.push(page.names);
        cursor = page.nextCursor;
      } while (cursor !== "");
      expect(pages.flat()).toEqual([]);
      expect(pages.length).toBe(2);
      const found: string[] = [];
      do {
        const page = await list({ notArgs: ["at=3"], limit: 7, cursor });
        found.push(...page.names);
        cursor = page.nextCursor;
      } while (cursor !== "");
      const others = Array.from({ length: 24 }, (_, at) => `p${at}`).filter((one) => one !== "p3");
      expect(found.sort()).toEqual(others.sort());
    });
  });
}
