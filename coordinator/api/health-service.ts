import { create } from "@bufbuild/protobuf";
import { TssError } from "../../proto/errors.ts";
import {
  type Health,
  type HealthCheckResponse,
  HealthCheckResponseSchema,
  HealthListResponseSchema,
  HealthCheckResponse_ServingStatus as ServingStatus,
} from "../../proto/gen/grpc/health/v1/health_pb.js";
import type { ServiceHandlers } from "./handlers.ts";

/** The health of every service of this server: all serve, or none does. */
export interface HealthState {
  setServing(serving: boolean): void;
  readonly handlers: ServiceHandlers<typeof Health>;
}

/** @param names services that can be asked for; "" is the server as a whole. */
export function createHealth(names: readonly string[], serving: boolean): HealthState {
  const known: ReadonlySet<string> = new Set(["", ...names]);
  const waiting = new Set<() => void>();
  let status = serving ? ServingStatus.SERVING : ServingStatus.NOT_SERVING;

  const response = (service: string): HealthCheckResponse =>
    create(HealthCheckResponseSchema, { status: known.has(service) ? status : ServingStatus.SERVICE_UNKNOWN });

  const change = (signal: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      const done = () => {
        waiting.delete(done);
        signal.removeEventListener("abort", done);
        resolve();
      };
      if (signal.aborted) return resolve();
      waiting.add(done);
      signal.addEventListener("abort", done);
    });

  return {
    setServing(now) {
      status = now ? ServingStatus.SERVING : ServingStatus.NOT_SERVING;
      for (const done of [...waiting]) done();
    },
    handlers: {
      async check({ service }) {
        if (known.has(service)) return response(service);
        throw new TssError("NOT_FOUND", "There is no such service here: List names them all.");
      },
      async list() {
        const statuses = Object.fromEntries([...known].map((name) => [name, response(name)]));
        return create(HealthListResponseSchema, { statuses });
      },
      async *watch({ service }, { signal }) {
        let told: ServingStatus | undefined;
        while (!signal.aborted) {
          const current = response(service);
          if (current.status === told) await change(signal);
          else {
            told = current.status;
            yield current;
          }
        }
      },
    },
  };
}
