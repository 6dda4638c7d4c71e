import type { TaskSpec } from "../../proto/gen/tss/v1/task_pb.js";

const bytesOf = new WeakMap<TaskSpec, Uint8Array>();

/** Says which bytes of the wire a spec was decoded from. The view may share memory with its whole message. */
export function rememberSpecBytes(spec: TaskSpec, bytes: Uint8Array): void {
  bytesOf.set(spec, bytes);
}

/**
 * The bytes a client sent for this spec, fields of newer versions included, as a copy of their own that keeps no message
 * alive. Undefined for a spec that did not come over the wire (or was changed into a new object): encode it instead.
 */
export function specBytes(spec: TaskSpec): Uint8Array | undefined {
  const bytes = bytesOf.get(spec);
  return bytes === undefined ? undefined : Buffer.from(bytes);
}
