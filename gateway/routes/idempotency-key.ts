import type { TaskSpec } from "../../proto/gen/tss/v1/task_pb.js";
import type { Exchange } from "../http/exchange.ts";
import { HttpProblem } from "../http/problem.ts";

/**
 * The header as the task's key. A list has one header for all: each task has the key with its place behind it, and one that
 * has a key of its own keeps that.
 */
export function takeIdempotencyKey(spec: TaskSpec, exchange: Exchange, place = ""): void {
  const key = idempotencyKeyOf(exchange);
  if (key === undefined) return;
  if (place !== "" && spec.idempotencyKey !== "") return;
  if (spec.idempotencyKey !== "" && spec.idempotencyKey !== key)
    throw new HttpProblem(
      400,
      "INVALID_ARGUMENT",
      "The header Idempotency-Key and the field idempotencyKey differ; send one of them.",
    );
  spec.idempotencyKey = key + place;
}

/** @throws HttpProblem 400: an empty key, as an unset variable gives it, would protect nothing. */
export function idempotencyKeyOf(exchange: Exchange): string | undefined {
  const header = exchange.request.headers["idempotency-key"];
  if (typeof header !== "string") return undefined;
  // RFC draft: a structured string, quoted; most clients send it bare.
  const key = /^"(.*)"$/.exec(header)?.[1] ?? header;
  if (key === "")
    throw new HttpProblem(400, "INVALID_ARGUMENT", "The header Idempotency-Key is empty; leave it out or fill it.");
  return key;
}
