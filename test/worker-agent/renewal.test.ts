import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { type ApiKeyOperations, createApiKeyOperations } from "../../coordinator/operations/api-keys.ts";
import { KeyRing } from "../../coordinator/operations/key-ring.ts";
import { TssError } from "../../proto/errors.ts";
import { Role } from "../../proto/gen/tss/v1/operator_service_pb.js";
import { systemClock } from "../../runtime/clock.ts";
import { silentLogger } from "../../runtime/logger.ts";
import { openConnection } from "../../sdk/typescript/connection/open-connection.ts";
import { drawSecrets, shown } from "../../worker-agent/identity/draw-secrets.ts";
import {
  type Identity,
  readIdentity,
  readJoining,
  saveIdentity,
  saveJoining,
} from "../../worker-agent/identity/identity.ts";
import { IdentityInUse } from "../../worker-agent/identity/in-use.ts";
import { joinSystem } from "../../worker-agent/identity/join.ts";
import { lifeOf } from "../../worker-agent/identity/life.ts";
import { keepRenewed, renew } from "../../worker-agent/identity/renew.ts";
import { temporaryDirectory } from "../support/agent-house.ts";
import { type EdgeUnderTest, startEdge } from "../support/edge-server.ts";
import { MemoryKeys } from "../support/memory-keys.ts";
import { until } from "../support/until.ts";

/** Joining and renewing against a coordinator over a socket, cut off at every step. */

let catalog: MemoryKeys;
let ring: KeyRing;
let edge: EdgeUnderTest;
let directory: string;
/** What becomes of the next calls, the first first; without an entry a call is answered. */
let fates: ("answered" | "lost before" | "lost after")[] = [];
/** Looked at whenever a coordinator is asked something. */
let onAsked = (): void => {};

beforeEach(async () => {
  catalog = new MemoryKeys();
  ring = new KeyRing({ catalog, clock: systemClock, logger: silentLogger });
  directory = temporaryDirectory();
  fates = [];
  onAsked = () => {};
  const real = createApiKeyOperations({ catalog, ring, clock: systemClock, logger: silentLogger });
  const through = async <T>(call: () => Promise<T>): Promise<T> => {
    onAsked();
    const fate = fates.shift();
    const lost = () => new TssError("UNAVAILABLE", "The connection was lost.", { reason: "CONNECTION_LOST" });
    if (fate === "lost before") throw lost();
    const answer = await call();
    if (fate === "lost after") throw lost();
    return answer;
  };
  const apiKeys: ApiKeyOperations = {
    ...real,
    joinWorker: (address, request) => through(() => real.joinWorker(address, request)),
    renewWorkerKey: (caller, request) => through(() => real.renewWorkerKey(caller, request)),
  };
  await ring.start();
  edge = await startEdge({ apiKeys, keys: ring });
});
afterEach(async () => {
  await edge.close();
  await ring.stop();
});

const admin = { keyId: "admin", role: Role.ADMIN };
const token = async () => {
  const real = createApiKeyOperations({ catalog, ring, clock: systemClock, logger: silentLogger });
  return (await real.createJoinToken(admin, { name: "" } as never)).token;
};
const enrol = (by: string) =>
  joinSystem({
    directory,
    coordinator: edge.server.address,
    token: by,
    name: "hand",
    tls: undefined,
    userAgent: "test",
  });
const open = () => openConnection({ address: edge.server.address });
const onDisk = () => readIdentity(directory) as Identity;
/** The agent begins anew with what is on its disk. */
const restarted = () => new IdentityInUse(directory, onDisk());
const once = (inUse: IdentityInUse) => renew({ inUse, open, logger: silentLogger, knownEverywhereMs: 0 });
const isGood = (key: string) => {
  try {
    return ring.verify(key).role === Role.WORKER;
  } catch {
    return false;
  }
};

test("the secret is on the disk before a coordinator hears of it; a lost answer is asked for again", async () => {
  const by = await token();
  onAsked = () => expect(readJoining(directory)?.key).toBeDefined();
  fates = ["lost after"];
  await expect(enrol(by)).rejects.toMatchObject({ code: "UNAVAILABLE" });
  const drawn = readJoining(directory)?.key ?? "";
  expect(isGood(drawn)).toBe(true);
  expect(readIdentity(directory)).toBeUndefined();
  const identity = await enrol(by);
  expect(identity.key).toBe(drawn);
  expect(onDisk()).toEqual(identity);
  expect(readJoining(directory)).toBeUndefined();
});

test("an id that is taken is drawn anew by the next try, with the same token", async () => {
  const by = await token();
  await saveJoining(directory, {
    ...{ tokenId: by.split("_")[1] ?? "", coordinator: edge.server.address },
    ...{ key: by, tlsKey: drawSecrets().tlsKey },
  });
  await expect(enrol(by)).rejects.toMatchObject({ reason: "KEY_ID_TAKEN" });
  expect(isGood((await enrol(by)).key)).toBe(true);
});

test("a token that is refused leaves the identity that there is", async () => {
  const first = await enrol(await token());
  const used = await token();
  fates = ["lost before"];
  await expect(enrol(used)).rejects.toThrow();
  expect(onDisk()).toEqual(first);
});

test.each([
  ["no step", []],
  ["before it is announced", ["lost before"]],
  ["after it is announced", ["lost after"]],
  ["before it is settled", [undefined, "lost before"]],
  ["after it is settled", [undefined, "lost after"]],
] as const)("cut off at %s, an agent that starts again has a key that is good, and ends with one", async (_, cut) => {
  const first = await enrol(await token());
  onAsked = () => {
    const { key, next } = onDisk();
    expect(next).toBeDefined();
    expect(isGood(key) || isGood(next?.key ?? "")).toBe(true);
  };
  fates = cut.map((fate) => fate ?? "answered");
  const running = restarted();
  const attempt = once(running);
  if (cut.length === 0) await attempt;
  else await expect(attempt).rejects.toMatchObject({ code: "UNAVAILABLE" });
  // What runs goes on with a key that is good, whether it starts again or not.
  expect(isGood(running.apiKey())).toBe(true);
  const before = onDisk();
  expect([before.key, before.next?.key].some((key) => key !== undefined && isGood(key))).toBe(true);
  const again = restarted();
  await once(again);
  const last = onDisk();
  expect(last.next).toBeUndefined();
  expect(isGood(last.key)).toBe(true);
  expect(isGood(first.key)).toBe(false);
  expect(shown(last).keyId).toBe(shown(first).keyId);
  expect(again.apiKey()).toBe(last.key);
  expect(catalog.rows.filter(({ role }) => role === Role.WORKER)).toHaveLength(1);
});

test("an agent renews at two thirds of its life, and tries again when that fails", async () => {
  await enrol(await token());
  const { renewAt, endsAt } = onDisk();
  const life = 7 * 86_400_000;
  expect(endsAt - Date.now()).toBeGreaterThan(life - 60_000);
  expect(endsAt - renewAt).toBeGreaterThanOrEqual(life / 3 - 1);
  expect(endsAt - renewAt).toBeLessThan(life / 2);
  expect(lifeOf({ seconds: 30n, nanos: 0 } as never, 1_000, 0)).toEqual({ renewAt: 21_000, endsAt: 31_000 });

  await saveIdentity(directory, { ...onDisk(), renewAt: Date.now(), endsAt: Date.now() + 20_000 });
  fates = ["lost before", "lost after"];
  const errors: string[] = [];
  const logger = { ...silentLogger, error: (_: object, text: string) => void errors.push(text) } as never;
  const inUse = restarted();
  const end = keepRenewed({ inUse, open, logger, knownEverywhereMs: 0 });
  await until("renewed", () => inUse.identity.endsAt > Date.now() + 86_400_000);
  await end();
  expect(errors).toHaveLength(2);
  expect(errors[0]).toMatch(/^the agent's key was not renewed and is tried again: /);
});

test("a file that others may read, and one that is none, is not used", async () => {
  await enrol(await token());
  const path = join(directory, "identity.json");
  chmodSync(path, 0o644);
  expect(() => readIdentity(directory)).toThrow(
    `Others may read the agent's key in ${path}; close it: chmod 600 ${path}`,
  );
  chmodSync(path, 0o600);
  writeFileSync(path, "{}");
  expect(() => readIdentity(directory)).toThrow("holds no identity of an agent: remove it and enrol this agent again");
});
