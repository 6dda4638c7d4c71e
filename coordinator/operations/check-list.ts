import type { Duration } from "@bufbuild/protobuf/wkt";
import { TaskStatus } from "../../proto/gen/tss/v1/task_pb.js";
import type { ListTasksRequest } from "../../proto/gen/tss/v1/task_service_pb.js";
import { LIMITS } from "../../proto/limits.ts";
import { checkQueueName } from "../kernel/check-spec.ts";
import { readWanted } from "../kernel/search/json-search.ts";
import { durationMs } from "../kernel/time.ts";
import { Violations } from "../kernel/violations.ts";

const FINGERPRINT = /^[0-9a-f]{16}$/;

/** @throws TssError INVALID_ARGUMENT that names what is wrong with the conditions. */
export function checkList(request: ListTasksRequest): void {
  const found = new Violations();
  found.number("limit", request.limit, 0, LIMITS.pageSize);
  if (request.queue !== "") checkQueueName(found, "queue", request.queue);
  if (request.name !== "") found.line("name", request.name, 1, LIMITS.nameCharacters);
  if (request.type !== "") found.line("type", request.type, 1, LIMITS.typeCharacters);
  found.count("label", request.label.length, 0, LIMITS.labelFilters);
  for (const status of request.status)
    if (!(status >= TaskStatus.WAITING && status <= TaskStatus.CANCELLED))
      found.add("status", "must be waiting, running, succeeded, failed or cancelled");
  if (request.failure !== "" && !FINGERPRINT.test(request.failure))
    found.add("failure", "must be 16 hexadecimal digits");
  for (const field of ["failure", "error"] as const)
    if (request[field].length > 0 && request.status.some((status) => status !== TaskStatus.FAILED))
      found.add("status", `must be failed, or left out, when ${field} is given`);
  checkTerms(found, request);
  checkWait(found, "waited_over", request.waitedOver);
  checkWait(found, "waited_under", request.waitedUnder);
  checkWait(found, "ran_over", request.ranOver);
  checkWait(found, "ran_under", request.ranUnder);
  found.check();
}

function checkTerms(found: Violations, request: ListTasksRequest): void {
  const { error, args, notQueue, notName, notType, notLabel, notFailure, notError, notArgs } = request;
  each(found, "error", error, (text) => found.line("error", text, 1, LIMITS.searchCharacters));
  each(found, "args", args, (text) => checkArgs(found, "args", text));
  each(found, "not_queue", notQueue, (name) => checkQueueName(found, "not_queue", name));
  each(found, "not_name", notName, (name) => found.line("not_name", name, 1, LIMITS.nameCharacters));
  each(found, "not_type", notType, (type) => found.line("not_type", type, 1, LIMITS.typeCharacters));
  each(found, "not_label", notLabel, () => {});
  each(found, "not_failure", notFailure, (text) =>
    found.add("not_failure", FINGERPRINT.test(text) ? null : "must be 16 hexadecimal digits"),
  );
  each(found, "not_error", notError, (text) => found.line("not_error", text, 1, LIMITS.searchCharacters));
  each(found, "not_args", notArgs, (text) => checkArgs(found, "not_args", text));
  for (const [field, names] of [["worker", request.worker] as const, ["not_worker", request.notWorker] as const])
    each(found, field, names, (name) => found.line(field, name, 1, LIMITS.searchCharacters));
}

function each(found: Violations, field: string, terms: readonly string[], check: (term: string) => void): void {
  found.count(field, terms.length, 0, LIMITS.searchTerms);
  for (const term of terms) check(term);
}

function checkArgs(found: Violations, field: string, text: string): void {
  found.line(field, text, 1, LIMITS.searchCharacters);
  if (readWanted(text) === null) found.add(field, 'must be a path and a value, like "user.id=42"');
}

function checkWait(found: Violations, field: string, duration: Duration | undefined): void {
  if (duration !== undefined) found.span(field, durationMs(duration), 0, LIMITS.delayMs);
}
