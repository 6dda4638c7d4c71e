import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { TaskService } from "../../../proto/gen/tss/v1/task_service_pb.js";
import { taskSpec } from "../../typescript/client/task-spec.ts";
import { fromStatus } from "../../typescript/connection/status-error.ts";
import { createClient, payloadCodec, type TaskView } from "../../typescript/index.ts";
import { Agents } from "./stdio-agents.ts";
import { carried, errorOf, requestOf, taskOf, type Words } from "./typescript-words.ts";

/**
 * The conformance program of the contract without an SDK: its workers are agents, its tasks are commands that run
 * stdio-task.mjs. The kind of task it is asked for is a label, and shown as the task's type.
 */
const emit = (line: unknown) => process.stdout.write(`${JSON.stringify(line)}\n`);
const TASK = join(import.meta.dirname, "stdio-task.mjs");
const KIND = "conformance-kind";
const codec = payloadCodec();
const client = createClient();
const tasks = client.connection.service(TaskService);
const folder = mkdtempSync(join(tmpdir(), "tss-stdio-"));
const agents = new Agents(folder, client, emit);

function specOf(task: Words) {
  const { type, input, labels, name, ...options } = requestOf(task) as unknown as Words;
  const kind = String(type);
  const argv = [process.execPath, TASK, ...(kind === "conformance.echo" ? ["echo"] : [])];
  const request = { ...options, argv, name: name ?? kind, labels: { ...(labels as object), [KIND]: kind } };
  const payload = input === undefined ? undefined : codec.encode(input);
  return taskSpec(request as never, payload as never);
}

async function submit(list: readonly Words[]): Promise<Words[]> {
  const { results } = await tasks.submitTasks({ tasks: list.map(specOf), requestId: randomUUID() });
  return results.map(({ result, duplicate }) =>
    result.case === "id" ? { id: result.value, duplicate } : { error: errorOf(fromStatus(result.value as never)) },
  );
}

function shown(task: TaskView): Words {
  const { [KIND]: type, ...labels } = task.labels;
  return { ...taskOf(task), type, labels };
}

const handle = (id: unknown) => client.task(String(id));

const actions: Readonly<Record<string, (words: Words) => Promise<unknown>>> = {
  async submit({ task }) {
    const [result] = await submit([task as Words]);
    if (result?.["error"] !== undefined) throw Object.assign(new Error(), { words: result["error"] });
    return result;
  },
  submitMany: async ({ tasks: list }) => ({ results: await submit(list as Words[]) }),
  get: async ({ id }) => shown(await handle(id).get()),
  wait: async ({ id, timeoutMs }) =>
    shown(await handle(id).wait(timeoutMs === undefined ? {} : { timeoutMs: Number(timeoutMs) })),
  result: async ({ id }) => carried(await handle(id).result()),
  cancel: async ({ id }) => shown(await handle(id).cancel()),
  retry: async ({ id }) => ({ id: (await handle(id).retry()).id }),
  list: async (filter) => ({ tasks: (await Array.fromAsync(client.list(filter))).map(shown) }),
  async watch({ id }) {
    const statuses: string[] = [];
    for await (const { status } of handle(id).watch()) if (statuses.at(-1) !== status) statuses.push(status);
    return { statuses };
  },
  async explain({ id }) {
    const { summary, explanations } = await handle(id).explain();
    return { summary, explanations: explanations.map(({ code, message, action }) => ({ code, message, action })) };
  },
  async release({ task }) {
    agents.releases.of(String(task)).resolve();
    return {};
  },
  async drain({ worker, graceMs }) {
    await agents.drain(String(worker), graceMs as number | undefined);
    return {};
  },
  async work({ worker, ...options }) {
    await agents.start(String(worker), options);
    return {};
  },
};

async function leave(graceMs: number | undefined): Promise<void> {
  await agents.drainAll(graceMs);
  await client.close();
  rmSync(folder, { recursive: true, force: true });
  process.exit(0);
}

async function answer(line: string): Promise<void> {
  const { id, do: action, with: words = {} } = JSON.parse(line) as { id: number; do: string; with?: Words };
  try {
    const act = actions[action];
    if (act === undefined) throw new Error(`${action} is no call.`);
    emit({ id, ok: await act(words) });
  } catch (error) {
    emit({ id, error: (error as { words?: Words }).words ?? errorOf(error) });
  }
}

emit({ event: "ready", protocol: 1, sdk: "stdio", can: ["bytes", "signals"] });
process.on("SIGTERM", () => void leave(undefined));
const lines = createInterface({ input: process.stdin });
lines.on("line", (line) => void answer(line));
lines.on("close", () => void leave(0));
