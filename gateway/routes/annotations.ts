import { type DescMethod, type DescService, getOption, hasOption } from "@bufbuild/protobuf";
import { http } from "../../proto/gen/google/api/annotations_pb.js";
import { file_tss_v1_bulk_service } from "../../proto/gen/tss/v1/bulk_service_pb.js";
import { file_tss_v1_lock_service } from "../../proto/gen/tss/v1/lock_service_pb.js";
import { file_tss_v1_operator_service } from "../../proto/gen/tss/v1/operator_service_pb.js";
import { file_tss_v1_secret_service } from "../../proto/gen/tss/v1/secret_service_pb.js";
import { file_tss_v1_task_service } from "../../proto/gen/tss/v1/task_service_pb.js";
import { file_tss_v1_worker_service } from "../../proto/gen/tss/v1/worker_service_pb.js";

/** Every service of the contract. */
export const SERVICES: readonly DescService[] = [
  file_tss_v1_task_service,
  file_tss_v1_bulk_service,
  file_tss_v1_worker_service,
  file_tss_v1_operator_service,
  file_tss_v1_lock_service,
  file_tss_v1_secret_service,
].flatMap((file) => file.services);

export interface AnnotatedMethod {
  readonly method: DescMethod;
  readonly verb: "GET" | "POST";
  readonly path: string;
  /** Whether the body is the request. */
  readonly body: boolean;
}

/** Methods with a google.api.http rule. */
export function annotatedMethods(): AnnotatedMethod[] {
  const found: AnnotatedMethod[] = [];
  for (const service of SERVICES)
    for (const method of service.methods) {
      if (!hasOption(method, http)) continue;
      const rule = getOption(method, http);
      const { case: verb, value: path } = rule.pattern;
      if ((verb !== "get" && verb !== "post") || path === undefined)
        throw new Error(`${method.name} has a rule of a kind not known here`);
      found.push({ method, verb: verb === "get" ? "GET" : "POST", path, body: rule.body === "*" });
    }
  return found;
}
