import { createHash } from "node:crypto";
import { create } from "@bufbuild/protobuf";
import { createApiKeyOperations } from "../../coordinator/operations/api-keys.ts";
import { KeyRing } from "../../coordinator/operations/key-ring.ts";
import {
  CreateJoinTokenRequestSchema,
  JoinWorkerRequestSchema,
  RenewWorkerKeyRequestSchema,
  Role,
} from "../../proto/gen/tss/v1/operator_service_pb.js";
import { makeApiKey } from "../../runtime/api-key.ts";
import { silentLogger } from "../../runtime/logger.ts";
import { MemoryKeys } from "./memory-keys.ts";

export const DAY = 86_400_000;
export const admin = { keyId: "admin", role: Role.ADMIN };
export const ADDRESS = "10.0.0.7";

/** What the coordinators of a test share: wall clock and monotonic clock in ms, and the keys. */
export const scene = { now: 0, passed: 0, catalog: new MemoryKeys() };
const clock = { now: () => scene.now, monotonic: () => scene.passed };

/** Before each test. */
export function resetScene(): void {
  Object.assign(scene, { now: Date.UTC(2026, 0, 1), passed: 0, catalog: new MemoryKeys() });
}

/** What a coordinator of the catalog does. */
export function coordinator(authority?: Parameters<typeof createApiKeyOperations>[0]["authority"]) {
  const { catalog } = scene;
  const ring = new KeyRing({ catalog, clock, logger: silentLogger });
  return { ring, ...createApiKeyOperations({ catalog, ring, clock, logger: silentLogger, authority }) };
}
type Coordinator = ReturnType<typeof coordinator>;

let drawn = 0;
/** A key as an agent makes it. */
export function drawKey() {
  const random = new Uint8Array(41).fill(9);
  new DataView(random.buffer).setUint32(5, ++drawn);
  new DataView(random.buffer).setUint32(30, drawn);
  const { key, id, secret } = makeApiKey(random);
  return { key, keyId: id, secretHash: createHash("sha256").update(secret).digest() };
}

export const tokenOf = async (at: Coordinator, fields: object = {}) =>
  (await at.createJoinToken(admin, create(CreateJoinTokenRequestSchema, fields))).token;
export const join = (at: Coordinator, token: string, fields: object = drawKey(), address = ADDRESS) =>
  at.joinWorker(address, create(JoinWorkerRequestSchema, { token, name: "build-7", ...fields }));
export const renew = (at: Coordinator, key: string, secretHash: Uint8Array) =>
  at.renewWorkerKey(at.ring.verify(key), create(RenewWorkerKeyRequestSchema, { secretHash }));
