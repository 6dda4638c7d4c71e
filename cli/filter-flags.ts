import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import * as Flags from "@oclif/core/flags";
import { TaskStatusSchema } from "../proto/gen/tss/v1/task_pb.js";
import { durationFlag } from "./flags.ts";
import type { TaskFilter } from "./list-tasks.ts";
import { enumValue } from "./render/words.ts";

/** Which tasks `tss task list` and `tss task view` show. */
export const FILTER_FLAGS = {
  status: Flags.string({
    char: "s",
    helpValue: "STATUS",
    multiple: true,
    multipleNonGreedy: true,
    delimiter: ",",
    description: "waiting, running, succeeded, failed or cancelled; several separated by commas",
  }),
  queue: Flags.string({ char: "q", helpValue: "QUEUE", description: "only of this queue" }),
  name: Flags.string({ char: "n", helpValue: "NAME", description: "only with exactly this name" }),
  type: Flags.string({ helpValue: "HANDLER", description: "only for this handler" }),
  label: Flags.string({
    char: "l",
    helpValue: "NAME[=VALUE]",
    multiple: true,
    multipleNonGreedy: true,
    description: "only with this label, as often as needed",
  }),
  failure: Flags.string({
    helpValue: "GROUP",
    description: "only failed like this: the fingerprint of a failure group",
  }),
  since: durationFlag({ description: "only created within this time" }),
};

export interface FilterFlags {
  readonly status?: readonly string[];
  readonly queue?: string;
  readonly name?: string;
  readonly type?: string;
  readonly label?: readonly string[];
  readonly failure?: string;
  readonly since?: number;
}

export function filterFromFlags(flags: FilterFlags, now: number): TaskFilter {
  return {
    status: (flags.status ?? []).map((word) => enumValue(TaskStatusSchema, word, "status")),
    queue: flags.queue ?? "",
    name: flags.name ?? "",
    type: flags.type ?? "",
    label: [...(flags.label ?? [])],
    failure: flags.failure ?? "",
    ...(flags.since === undefined ? {} : { createdAfter: timestampFromMs(now - flags.since) }),
  };
}
