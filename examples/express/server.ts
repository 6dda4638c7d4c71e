import { randomUUID } from "node:crypto";
import type { AddressInfo } from "node:net";
import express, { type ErrorRequestHandler, type Request } from "express";
import { createClient, TssError } from "../../sdk/typescript/index.ts";
import { buildReport } from "./report.ts";

const client = createClient({ submitTimeoutMs: 5_000 });
const app = express();
app.use(express.json());

app.post("/reports", async (request, response) => {
  const { month } = request.body ?? {};
  if (!/^\d{4}-\d{2}$/.test(month)) return response.status(400).json({ error: "month is to be YYYY-MM." });
  const user = userOf(request);
  const task = await client.submit(
    buildReport.task(
      { month },
      {
        name: `report of ${month}`,
        labels: { user },
        idempotencyKey: `${user}:${request.get("idempotency-key") ?? randomUUID()}`,
        retry: { limit: 30, intervalMs: 1_000, backoff: "fixed" },
        timeoutMs: 600_000,
      },
    ),
  );
  return response.status(202).json({ id: task.id });
});

app.get("/reports/:id", async (request, response) => {
  const task = await reportOf(request);
  const waitMs = 1_000 * Math.min(Number(request.query["wait"]) || 0, 30);
  if (waitMs > 0) await task.wait({ timeoutMs: waitMs }).catch(unlessItRuns);
  const { status, reason, attempt, progress, error } = await task.get();
  const totals = status === "succeeded" ? await task.result() : undefined;
  response.json({ status, reason, attempt, percent: progress?.percent, totals, error: error?.message });
});

app.delete("/reports/:id", async (request, response) => {
  const task = await reportOf(request);
  await task.cancel();
  response.status(202).json({ id: task.id });
});

app.post("/reports/:id/retry", async (request, response) => {
  const task = await reportOf(request);
  const again = await task.retry();
  response.status(202).json({ id: again.id });
});

/** Stands for your sign-in. */
function userOf(request: Request): string {
  return request.get("x-user") ?? "nobody";
}

/** An id is no secret: what it names is shown to the user who asked for it, and is a report. */
async function reportOf(request: Request<{ id: string }>) {
  const task = client.task<Record<string, number>>(request.params.id);
  const { type, labels } = await task.get();
  if (type === buildReport.type && labels["user"] === userOf(request)) return task;
  throw new TssError("NOT_FOUND", `There is no report ${task.id}.`);
}

function unlessItRuns(error: unknown): void {
  if (!(error instanceof TssError && error.code === "DEADLINE_EXCEEDED")) throw error;
}

const STATUS: Readonly<Record<string, number>> = {
  INVALID_ARGUMENT: 400,
  NOT_FOUND: 404,
  ALREADY_EXISTS: 409, // The idempotency key was used for another report.
  FAILED_PRECONDITION: 409, // Only what has ended can be retried.
  RESOURCE_EXHAUSTED: 503,
  UNAVAILABLE: 503,
  DEADLINE_EXCEEDED: 503,
};

const answerError: ErrorRequestHandler = (error, _request, response, next) => {
  if (!(error instanceof TssError)) return next(error);
  response.status(STATUS[error.code] ?? 500).json({ error: error.message });
};
app.use(answerError);

const server = app.listen(Number(process.env["PORT"] ?? 3000), "127.0.0.1", () => {
  const { port } = server.address() as AddressInfo;
  console.log(`http://127.0.0.1:${port}`);
});
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => server.close(() => client.close()));
