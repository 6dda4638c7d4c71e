import {
  type GetServerInfoResponse,
  Role,
  RoleSchema,
  StatsService,
} from "../../proto/gen/tss/v1/operator_service_pb.js";
import type { Settings } from "../../runtime/settings-table.ts";
import { clientTlsOf } from "../../runtime/tls/client-tls.ts";
import { lookAtOwn, lookAtServer } from "../../runtime/tls/look.ts";
import { addressesOf } from "../../sdk/typescript/connection/address-list.ts";
import { clientTls } from "../../sdk/typescript/connection/client-tls.ts";
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
    const tls = await checkTls(settings);
    return [...tls, fail("coordinator", printable((error as Error).message), hintFor(settings, tls))];
  }
  findings.push(...(await checkTls(settings)));
  const asked = Date.now();
  let info: GetServerInfoResponse;
  try {
    info = await connection.service(StatsService).getServerInfo({});
  } catch (error) {
    const { code, message, reason } = viewError(error);
    if (reason?.startsWith("CLIENT_CERTIFICATE_"))
      return [...findings, fail("tls", printable(message), "Set TSS_TLS_CLIENT_CERT and TSS_TLS_CLIENT_KEY.")];
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

/** Each certificate that takes part: the coordinators', and what is shown to them. */
async function checkTls(settings: Settings): Promise<Finding[]> {
  const tls = clientTls(clientTlsOf(settings));
  if (tls === undefined)
    return [
      isLoopback(settings.TSS_COORDINATOR)
        ? ok("tls", "Plaintext, on this machine only.")
        : warn(
            "tls",
            "The key crosses the network unencrypted.",
            "Set TSS_TLS_CERT and TSS_TLS_KEY there and TSS_TLS_CA here.",
          ),
    ];
  const { ca, cert } = typeof tls === "function" ? tls() : tls;
  const looks = await Promise.all(addressesOf(settings.TSS_COORDINATOR).map((address) => lookAtServer(address, ca)));
  const own = "Make a new one (`tss cert client --force`): it is taken up without a restart.";
  if (cert !== undefined) looks.push(lookAtOwn(cert, "TSS_TLS_CLIENT_CERT", own));
  return looks.map(({ state, message, mend }) => ({
    check: "tls",
    state,
    message: printable(message),
    ...(state === "ok" ? {} : { mend: printable(mend) }),
  }));
}

function hintFor(settings: Settings, tls: readonly Finding[]): string {
  if (tls.some(({ state }) => state === "fail")) return "Mend its TLS first.";
  return settings.TSS_TLS_CA === undefined
    ? "Is another program on that port, or does it ask for TLS (set TSS_TLS_CA)?"
    : "Look at the coordinator's log.";
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
