import { createInterface } from "node:readline";
import {
  type AttemptContext,
  type Client,
  createClient,
  createWorker,
  taskType,
  type Worker,
} from "../../typescript/index.ts";
import { obey, Releases, type Script, stopped } from "./typescript-steps.ts";
import { carried, codecOf, errorOf, locksOf, requestOf, submitEach, taskOf, type Words } from "./typescript-words.ts";

/** The conformance program of the TypeScript SDK: obeys lines of JSON on its standard input. */
const emit = (line: unknown) => process.stdout.write(`${JSON.stringify(line)}\n`);
const releases = new Releases();
const workers = new Map<string, Worker>();
const plain = createClient();
const clients: Client[] = [plain];

function client(codecs: unknown): Client {
  if (codecs === undefined) return plain;
  const made = createClient({ codec: codecOf(codecs as string[]) });
  clients.push(made);
  return made;
}

const echo = taskType<unknown, unknown>("conformance.echo").handler((input) => input);

function conformance(worker: string) {
  return taskType<Script, unknown>("conformance").handler(async (script, task: AttemptContext) => {
    const about = { worker, task: task.id, attempt: task.attempt };
    emit({ event: "begin", ...about, fencingToken: Number(task.fencingToken), locks: locksOf(task.locks) });
    void stopped(task).then(() => emit({ event: "stop", ...about, cause: task.signal.reason.reason }));
    try {
      return await obey(script, task, releases);
    } finally {
      emit({ event: "end", ...about });
    }
  });
}

const actions: Readonly<Record<string, (words: Words) => Promise<unknown>>> = {
  async submit({ task, codecs }) {
    const { id, duplicate } = await client(codecs).submit(requestOf(task as Words));
    return { id, duplicate };
  },
  submitMany: async ({ tasks }) => ({ results: await submitEach(plain, tasks as Words[]) }),
  get: async ({ id }) => taskOf(await plain.task(String(id)).get()),
  wait: async ({ id, timeoutMs }) =>
    taskOf(await plain.task(String(id)).wait(timeoutMs === undefined ? {} : { timeoutMs: Number(timeoutMs) })),
  result: async ({ id, codecs }) => carried(await client(codecs).task(String(id)).result()),
  cancel: async ({ id }) => taskOf(await plain.task(String(id)).cancel()),
  retry: async ({ id }) => ({ id: (await plain.task(String(id)).retry()).id }),
  list: async (filter) => ({ tasks: (await Array.fromAsync(plain.list(filter))).map(taskOf) }),
  async watch({ id }) {
    const statuses: string[] = [];
    for await (const { status } of plain.task(String(id)).watch())
      if (statuses.at(-1) !== status) statuses.push(status);
    return { statuses };
  },
  async explain({ id }) {
    const { summary, explanations } = await plain.task(String(id)).explain();
    return { summary, explanations: explanations.map(({ code, message, action }) => ({ code, message, action })) };
  },
  async release({ task }) {
    releases.of(String(task)).resolve();
    return {};
  },
  async drain({ worker, graceMs }) {
    await workers.get(String(worker))?.close(graceMs as number | undefined);
    return {};
  },
  async work({ worker, codecs, ...options }) {
    const name = String(worker);
    const made = createWorker({
      ...options,
      name,
      handlers: [echo, conformance(name)],
      ...(codecs === undefined ? {} : { codec: codecOf(codecs as string[]) }),
    });
    workers.set(name, made);
    await made.ready;
    return {};
  },
};

async function leave(graceMs: number | undefined): Promise<void> {
  await Promise.all([...workers.values()].map((worker) => worker.close(graceMs)));
  await Promise.all(clients.map((one) => one.close()));
  process.exit(0);
}

async function answer(line: string): Promise<void> {
  const { id, do: action, with: words = {} } = JSON.parse(line) as { id: number; do: string; with?: Words };
  try {
    const act = actions[action];
    if (act === undefined) throw new Error(`${action} is no call.`);
    emit({ id, ok: await act(words) });
  } catch (error) {
    emit({ id, error: errorOf(error) });
  }
}

emit({
  event: "ready",
  protocol: 1,
  sdk: "typescript",
  can: ["bytes", "codecs", "signals", "stop", "attempts"],
});
process.on("SIGTERM", () => void leave(undefined));
const lines = createInterface({ input: process.stdin });
lines.on("line", (line) => void answer(line));
lines.on("close", () => void leave(0));
