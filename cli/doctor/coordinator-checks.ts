import {
  type GetServerInfoResponse,
  Role,
  RoleSchema,
  StatsService,
} from "../../proto/gen/tss/v1/operator_service_pb.js";
import type { Settings } from "../../runtime/settings-table.ts";
import { isLoopback } from "../../sdk/typescript/connection/local-connection.ts";
import type { Connection } from "../../sdk/typescript/connection-types.ts";
import { viewError } from "../errors.ts";
import { printable } from "../render/printable.ts";
import { msOf, spanText } from "../render/time.ts";
import { enumWord } from "../render/words.ts";
import { type Finding, fail, ok, warn } from "./finding.ts";

const READY_MS = 5_000;
/** Clocks further apart make relative times and --at misleading. */
const SKEW_MS = 2_000;

/** Speaks with the coordinator: protocol and TLS, the key and its role, its database, its clock. */
export async function checkCoordinator(connection: Connection, settings: Settings): Promise<Finding[]> {
  const findings: Finding[] = [];
  try {
    await connection.ready(READY_MS);
  } catch (error) {
    return [fail("coordinator", printable((error as Error).message), tlsHint(settings))];
  }
  findings.push(checkTls(settings));
  const asked = Date.now();
  let info: GetServerInfoResponse;
  try {
    info = await connection.service(StatsService).getServerInfo({});
  } catch (error) {
    const { code, message } = viewError(error);
    const mend = code === "UNAUTHENTICATED" ? "Put a valid key into TSS_API_KEY." : "Look at the coordinator's log.";
    return [...findings, fail(code === "UNAUTHENTICATED" ? "key" : "coordinator", printable(message), mend)];
  }
  const answered = Date.now();
  findings.push(
    ok(
      "coordinator",
      `tss ${printable(info.version)} answers, ${info.shardsOwned} of ${info.shards} shards are its own.`,
    ),
  );
  findings.push(
    info.storeOk
      ? ok(
          "store",
          `The coordinator's ${printable(info.store)} database can be written (schema ${info.schemaVersion}).`,
        )
      : fail(
          "store",
          `The coordinator cannot write its database: ${printable(info.storeProblem)}`,
          "Bring the database back; running work goes on.",
        ),
  );
  findings.push(checkRole(info), checkClock(info, asked, answered));
  return findings;
}

function checkTls(settings: Settings): Finding {
  if (settings.TSS_TLS_CA !== undefined)
    return ok("tls", "The connection is encrypted and the certificate is trusted.");
  if (isLoopback(settings.TSS_COORDINATOR)) return ok("tls", "Plaintext, on this machine only.");
  return warn(
    "tls",
    "The key crosses the network unencrypted.",
    "Set TSS_TLS_CERT and TSS_TLS_KEY there and TSS_TLS_CA here.",
  );
}

function tlsHint(settings: Settings): string {
  return settings.TSS_TLS_CA === undefined
    ? "Is another program on that port, or does it ask for TLS (set TSS_TLS_CA)?"
    : "Does TSS_TLS_CA hold the authority that signed the coordinator's certificate, for that name?";
}

function checkRole(info: GetServerInfoResponse): Finding {
  const role = enumWord(RoleSchema, info.role) || "none";
  const message = `The key ${printable(info.keyId)} is valid; its role is ${role}.`;
  if (info.role === Role.WORKER)
    return warn("key", message, "A worker's key leases and reports; use another for tasks.");
  return ok("key", message);
}

function checkClock(info: GetServerInfoResponse, asked: number, answered: number): Finding {
  const skew = (msOf(info.now) ?? asked) - (asked + answered) / 2;
  const beyondDoubt = Math.abs(skew) - (answered - asked) / 2;
  if (beyondDoubt <= SKEW_MS) return ok("clock", "This machine and the coordinator agree on the time.");
  const direction = skew > 0 ? "behind" : "ahead of";
  return warn(
    "clock",
    `This machine's clock is ${spanText(Math.abs(skew))} ${direction} the coordinator's.`,
    "Let both follow a time server (NTP).",
  );
}
