import type { DescMessage, MessageJsonType } from "@bufbuild/protobuf";
import type { GenService } from "@bufbuild/protobuf/codegenv2";
import type { BulkService } from "../../../../proto/gen/tss/v1/bulk_service_pb.js";
import type { LockService } from "../../../../proto/gen/tss/v1/lock_service_pb.js";
import type {
  ApiKeyService,
  QueueService,
  StatsService,
  WorkerRegistryService,
} from "../../../../proto/gen/tss/v1/operator_service_pb.js";
import type { TaskService } from "../../../../proto/gen/tss/v1/task_service_pb.js";
import { postJson } from "./fetch-json.ts";

/** Services of the contract by name; only their types are here, so that they cost the page nothing. */
interface Services {
  TaskService: typeof TaskService;
  QueueService: typeof QueueService;
  WorkerRegistryService: typeof WorkerRegistryService;
  ApiKeyService: typeof ApiKeyService;
  StatsService: typeof StatsService;
  BulkService: typeof BulkService;
  LockService: typeof LockService;
}

type Methods<S> = S extends GenService<infer M> ? M : never;
type Unary<S> = {
  [K in keyof Methods<S>]: Methods<S>[K] extends { methodKind: "unary" } ? K : never;
}[keyof Methods<S>];
type Shape<S, M extends keyof Methods<S>, Side extends "input" | "output"> =
  Methods<S>[M] extends Record<Side, infer D> ? (D extends DescMessage ? MessageJsonType<D> : never) : never;

/** A method as the server knows it, e.g. `TaskService/CancelTasks`. */
export type MethodName = {
  [S in keyof Services]: `${S}/${Capitalize<Unary<Services[S]> & string>}`;
}[keyof Services];

/** Calls a unary method over the gateway's Connect endpoints: typed by the protos, JSON both ways. @throws Problem */
export function call<S extends keyof Services, M extends Unary<Services[S]> & string>(
  service: S,
  method: M,
  request: Shape<Services[S], M, "input">,
  signal?: AbortSignal,
): Promise<Shape<Services[S], M, "output">> {
  const name = `${method[0]?.toUpperCase()}${method.slice(1)}`;
  return postJson(`tss.v1.${service}/${name}`, request, signal);
}
