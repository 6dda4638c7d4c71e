import { create } from "@bufbuild/protobuf";
import { type ExplainQueueResponse, ExplainQueueResponseSchema } from "../../proto/gen/tss/v1/operator_service_pb.js";
import { type Explanation, ExplanationSchema } from "../../proto/gen/tss/v1/task_service_pb.js";

/**
 * What holds the tasks of a queue back, wherever they are.
 * @param own says what is true of the whole queue, and why tasks that are here are not taken.
 * @param others say why tasks that are there are not taken.
 */
export function joinExplained(
  own: ExplainQueueResponse,
  others: readonly ExplainQueueResponse[],
): ExplainQueueResponse {
  const joined = new Map<string, Explanation>();
  const add = (explanation: Explanation) => {
    const key = `${explanation.code}\n${explanation.message}`;
    const known = joined.get(key);
    const tasks = (known?.tasks ?? 0n) + explanation.tasks;
    joined.set(key, create(ExplanationSchema, { ...(known ?? explanation), tasks }));
  };
  own.explanations.forEach(add);
  for (const { explanations } of others) explanations.forEach(add);
  const all = [...joined.values()];
  const explanations = [...all.filter(({ blocking }) => blocking), ...all.filter(({ blocking }) => !blocking)];
  const [first] = explanations;
  // What was found elsewhere alone is told too; how it goes is said where nothing blocks.
  const summary = first?.blocking ? first.message : own.summary;
  return create(ExplainQueueResponseSchema, { ...own, summary, explanations });
}
