import { readSettings } from "../../runtime/settings.ts";
import type { Settings } from "../../runtime/settings-table.ts";
import type { Connection } from "../../sdk/typescript/connection-types.ts";
import { connect } from "../connect.ts";
import { checkCoordinator } from "./coordinator-checks.ts";
import { type Finding, fail, ok, warn } from "./finding.ts";
import { checkDatabase, checkDisk, checkRedis } from "./local-checks.ts";
import { checkAddresses, checkGateway } from "./network-checks.ts";
import { checkWork } from "./work-checks.ts";

/** All checks in order, each as soon as it is done. What rests on a failed check is left out. */
export async function* runChecks(coordinator: string | undefined): AsyncGenerator<Finding> {
  let settings: Settings;
  try {
    const read = readSettings();
    settings = coordinator === undefined ? read : { ...read, TSS_COORDINATOR: coordinator };
  } catch (error) {
    yield fail("settings", (error as Error).message.split("\n").join(" "), "Correct the environment or .env.");
    return;
  }
  yield ok("settings", "The environment and .env can be used.");
  yield await guarded("disk", () => checkDisk(settings));
  yield* await guarded("database", () => checkDatabase(settings)).then((found) => [found].flat());
  yield* await guarded("redis", () => checkRedis(settings)).then((found) => [found].flat());
  const addresses = await checkAddresses(settings);
  yield* addresses;
  if (addresses.some((finding) => finding.state === "ok")) yield* checkConnected(settings);
  yield await checkGateway(settings);
}

async function* checkConnected(settings: Settings): AsyncGenerator<Finding> {
  let connection: Connection;
  try {
    connection = await connect(settings);
  } catch (error) {
    yield fail("tls", (error as Error).message, "Correct TSS_TLS_CA, TSS_TLS_CLIENT_CERT and TSS_TLS_CLIENT_KEY.");
    return;
  }
  try {
    const findings = await checkCoordinator(connection, settings);
    yield* findings;
    if (findings.every((finding) => finding.state !== "fail"))
      yield* [await guarded("work", () => checkWork(connection))].flat();
  } finally {
    connection.close();
  }
}

/** A check that cannot be made is a finding too. */
async function guarded<T>(check: string, make: () => Promise<T>): Promise<T | Finding> {
  try {
    return await make();
  } catch (error) {
    return warn(
      check,
      `This could not be checked: ${(error as Error).message}`,
      "Run it again with TSS_LOG_LEVEL=debug.",
    );
  }
}
