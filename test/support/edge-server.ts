import { type GrpcServer, type GrpcServerOptions, startGrpcServer } from "../../coordinator/api/server.ts";
import { createApiKeyOperations } from "../../coordinator/operations/api-keys.ts";
import { KeyRing } from "../../coordinator/operations/key-ring.ts";
import { Role } from "../../proto/gen/tss/v1/operator_service_pb.js";
import { systemClock } from "../../runtime/clock.ts";
import { silentLogger } from "../../runtime/logger.ts";
import { fakeOperations } from "./fake-operations.ts";
import { MemoryKeys, testKey } from "./memory-keys.ts";

export interface EdgeUnderTest {
  readonly server: GrpcServer;
  readonly catalog: MemoryKeys;
  readonly ring: KeyRing;
  /** A key of each role. */
  readonly keys: ReadonlyMap<Role, string>;
  /** The admin's key. */
  readonly key: string;
  close(): Promise<void>;
}

/** A gRPC edge on a free loopback port over fake operations. */
export async function startEdge(
  options: Partial<GrpcServerOptions> & { pollMs?: number } = {},
): Promise<EdgeUnderTest> {
  const catalog = new MemoryKeys();
  const keys = new Map<Role, string>();
  for (const role of [Role.ADMIN, Role.OPERATOR, Role.SUBMITTER, Role.VIEWER, Role.WORKER, Role.JOIN]) {
    const { key, row } = testKey(role);
    await catalog.insertApiKey(row);
    keys.set(role, key);
  }
  const ring = new KeyRing({ catalog, clock: systemClock, logger: silentLogger, pollMs: options.pollMs });
  await ring.start();
  const server = await startGrpcServer({
    operations: fakeOperations(),
    keys: ring,
    apiKeys: createApiKeyOperations({ catalog, ring, clock: systemClock, logger: silentLogger }),
    listen: "127.0.0.1:0",
    logger: silentLogger,
    clock: systemClock,
    ...options,
  });
  return {
    server,
    catalog,
    ring,
    keys,
    key: keys.get(Role.ADMIN) ?? "",
    async close() {
      await server.close();
      await ring.stop();
    },
  };
}
