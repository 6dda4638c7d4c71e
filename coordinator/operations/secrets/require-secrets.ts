import type { TssError } from "../../../proto/errors.ts";
import type { TaskSpec } from "../../../proto/gen/tss/v1/task_pb.js";
import { reading } from "../../engine/reading.ts";
import type { EngineState } from "../../engine/state.ts";
import { hasSecrets } from "../../kernel/admit.ts";
import { DEFAULT_QUEUE } from "../../kernel/plain-task.ts";
import type { ReceivedTask } from "../../kernel/received-task.ts";
import type { SecretFacts } from "../../ports/secret-store.ts";
import { SECRET_REFUSALS } from "./secret-refusals.ts";

export function namesSecrets({ spec }: ReceivedTask): boolean {
  return spec !== undefined && hasSecrets(spec);
}

/**
 * What is wrong with the secrets that tasks name, as they are now.
 * @param canOpen whether the coordinator has a master key.
 */
export async function secretProblems(
  state: EngineState,
  canOpen: boolean,
  tasks: readonly ReceivedTask[],
): Promise<ReadonlyMap<TaskSpec, TssError>> {
  const problems = new Map<TaskSpec, TssError>();
  const all = new Map((await reading(() => state.store.catalog.secrets())).map((secret) => [secret.name, secret]));
  for (const { spec } of tasks.filter(namesSecrets)) {
    if (spec === undefined) continue;
    const problem = canOpen ? problemOf(spec, all) : SECRET_REFUSALS.noMasterKey();
    if (problem !== undefined) problems.set(spec, problem);
  }
  return problems;
}

function problemOf(spec: TaskSpec, all: ReadonlyMap<string, SecretFacts>): TssError | undefined {
  const queue = spec.queue || DEFAULT_QUEUE;
  for (const name of Object.values(spec.secrets)) {
    const secret = all.get(name);
    if (secret === undefined) return SECRET_REFUSALS.missing(name);
    if (secret.queues.length > 0 && !secret.queues.includes(queue)) return SECRET_REFUSALS.otherQueue(secret, queue);
  }
  return undefined;
}
