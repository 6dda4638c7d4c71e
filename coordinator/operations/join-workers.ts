import { randomBytes } from "node:crypto";
import { create } from "@bufbuild/protobuf";
import { TssError } from "../../proto/errors.ts";
import {
  type CreateJoinTokenRequest,
  type CreateJoinTokenResponse,
  CreateJoinTokenResponseSchema,
  type JoinWorkerRequest,
  type JoinWorkerResponse,
  JoinWorkerResponseSchema,
  type RenewWorkerKeyRequest,
  type RenewWorkerKeyResponse,
  RenewWorkerKeyResponseSchema,
  Role,
} from "../../proto/gen/tss/v1/operator_service_pb.js";
import { LIMITS } from "../../proto/limits.ts";
import {
  API_KEY_RANDOM_BYTES,
  hashApiKeySecret,
  isApiKeyId,
  makeApiKey,
  parseApiKey,
  sameHash,
} from "../../runtime/api-key.ts";
import { isClientKey } from "../../runtime/tls/client-authority.ts";
import { durationMs, toDuration } from "../kernel/time.ts";
import { Violations } from "../kernel/violations.ts";
import type { ApiKeyRow } from "../ports/catalog-store.ts";
import { apiKeyMessage } from "./api-key-message.ts";
import type { ApiKeyContext } from "./api-keys.ts";
import { reachable, requireRoom } from "./issue-api-key.ts";
import { JoinAttempts } from "./join-attempts.ts";
import { JOIN_REFUSALS } from "./join-refusals.ts";
import { refusalOf } from "./key-refusals.ts";
import type { Caller } from "./operations.ts";

/** How agents come by a key of their own, and how they keep it. */
export interface JoinOperations {
  createJoinToken(caller: Caller, request: CreateJoinTokenRequest): Promise<CreateJoinTokenResponse>;
  /** @param address of who asks: nobody else is known to ask. */
  joinWorker(address: string, request: JoinWorkerRequest): Promise<JoinWorkerResponse>;
  renewWorkerKey(caller: Caller, request: RenewWorkerKeyRequest): Promise<RenewWorkerKeyResponse>;
}

/** Name of a token whose key is to have the agent's own. */
const UNNAMED = "join token";
/** Stands in for the hash of a token that is not known, so that it costs the same time. */
const NOBODY = new Uint8Array(32);
const HASH_BYTES = 32;

export function createJoinOperations(context: ApiKeyContext): JoinOperations {
  const { catalog, clock, ring, logger, authority } = context;
  const attempts = new JoinAttempts(clock);
  // The change is durable; when this read fails, the ring's own watch finds it.
  const learn = () => ring.reload().catch(() => {});

  /** What an agent is given: a certificate beside its key if there can be one, and the time until the first of both ends. */
  const equip = async (row: ApiKeyRow, publicKey: Uint8Array) => {
    const apiKey = apiKeyMessage(row);
    const lifeMs = row.expiresAt - clock.now();
    if (authority === undefined || publicKey.length === 0)
      return { apiKey, certificate: "", validFor: toDuration(lifeMs) };
    const { certificate, endsAt } = await authority.issue(
      row.name,
      publicKey,
      Math.min(lifeMs, LIMITS.joinedCertificateMs),
    );
    return { apiKey, certificate, validFor: toDuration(Math.min(row.expiresAt, endsAt) - clock.now()) };
  };

  /** @throws TssError UNAUTHENTICATED: the token is not what it must be; RESOURCE_EXHAUSTED when that was so too often. */
  const provenToken = async (address: string, text: string): Promise<ApiKeyRow> => {
    const reading = parseApiKey(text);
    if (reading.outcome !== "key") {
      attempts.refused(address);
      throw JOIN_REFUSALS.malformed();
    }
    const row = await ring.find(reading.key.id);
    const proven = sameHash(hashApiKeySecret(reading.key.secret), row?.hash ?? NOBODY);
    if (row === undefined || !proven) {
      attempts.check(address);
      // A token that cannot be looked up is not one that is not there.
      if (row === undefined) await reachable(() => catalog.authVersion());
      attempts.refused(address);
      throw JOIN_REFUSALS.unknown();
    }
    if (row.role !== Role.JOIN) throw JOIN_REFUSALS.key();
    return row;
  };

  const redeem = async (address: string, request: JoinWorkerRequest) => {
    const token = await provenToken(address, request.token);
    const now = clock.now();
    const { keyId: id, secretHash: hash, publicKey } = request;
    const renewMs = token.renewMs ?? LIMITS.joinedKeyTtlDefaultMs;
    const name = token.name === UNNAMED ? request.name : token.name;
    const times = { createdAt: now, expiresAt: now + renewMs, revokedAt: 0, lastUsedAt: 0, renewMs };
    const made: ApiKeyRow = { id, name, role: Role.WORKER, hash, ...times };
    if (token.revokedAt === 0 && token.expiresAt > now) {
      await requireRoom(context);
      const taken = (await ring.find(id)) !== undefined;
      if (!taken) {
        // Before the token is spent: what goes wrong with the certificate leaves it good.
        const equipped = await equip(made, publicKey);
        if (await reachable(() => catalog.redeemJoinToken(token.id, made, now))) {
          await learn();
          logger.info({ keyId: id, token: token.id, name }, "an agent joined");
          return equipped;
        }
      }
      await reachable(() => ring.reload());
      const { revokedAt = 0 } = (await ring.find(token.id)) ?? {};
      if (taken && revokedAt === 0) throw JOIN_REFUSALS.idTaken();
    }
    return equip(await sentAgain((await ring.find(token.id)) ?? token, made), publicKey);
  };

  /** The answer to the first try may have been lost. @throws TssError that says what became of the token. */
  const sentAgain = async (token: ApiKeyRow, made: ApiKeyRow): Promise<ApiKeyRow> => {
    const key = token.usedBy === made.id ? await ring.find(made.id) : undefined;
    if (key !== undefined && sameHash(key.hash, made.hash) && refusalOf(key, clock.now()) === undefined) return key;
    if (token.usedBy !== undefined) throw JOIN_REFUSALS.used(token);
    if (token.revokedAt > 0) throw JOIN_REFUSALS.revoked(token);
    throw JOIN_REFUSALS.expired(token);
  };

  return {
    async createJoinToken(caller, request) {
      const ttlMs = request.ttl === undefined ? LIMITS.joinTokenTtlDefaultMs : durationMs(request.ttl);
      const renewMs = request.keyTtl === undefined ? LIMITS.joinedKeyTtlDefaultMs : durationMs(request.keyTtl);
      const found = new Violations();
      found.line("name", request.name, 0, LIMITS.nameCharacters);
      found.span("ttl", ttlMs, 1_000, LIMITS.joinTokenTtlMs);
      found.span("key_ttl", renewMs, LIMITS.joinedKeyTtlMinMs, LIMITS.joinedKeyTtlMs);
      found.check();
      await requireRoom(context);
      const { key, id, secret } = makeApiKey((context.random ?? randomBytes)(API_KEY_RANDOM_BYTES));
      const now = clock.now();
      const row: ApiKeyRow = {
        ...{ id, name: request.name || UNNAMED, role: Role.JOIN, hash: hashApiKeySecret(secret), renewMs },
        ...{ createdAt: now, expiresAt: now + ttlMs, revokedAt: 0, lastUsedAt: 0 },
      };
      await reachable(() => catalog.insertApiKey(row));
      await learn();
      logger.info({ keyId: id, by: caller.keyId }, "join token made");
      return create(CreateJoinTokenResponseSchema, { apiKey: apiKeyMessage(row), token: key });
    },

    async joinWorker(address, request) {
      checkJoin(request);
      try {
        return create(JoinWorkerResponseSchema, await redeem(address, request));
      } catch (error) {
        if (error instanceof TssError && error.code === "UNAUTHENTICATED")
          logger.warn({ address, reason: error.reason }, "an agent that wanted to join was refused");
        throw error;
      }
    },

    async renewWorkerKey({ keyId, bySecretToBe }, { secretHash, publicKey }) {
      const found = new Violations();
      checkParts(found, secretHash, publicKey);
      found.check();
      await reachable(() => ring.reload());
      const row = await ring.find(keyId);
      if (row?.renewMs === undefined)
        throw new TssError(
          "FAILED_PRECONDITION",
          `The key ${keyId} did not join, so it is not renewed: make another in time (\`tss key create\`).`,
          { reason: "KEY_NOT_RENEWED" },
        );
      const now = clock.now();
      if (sameHash(row.hash, secretHash))
        return create(RenewWorkerKeyResponseSchema, { ...(await equip(row, publicKey)), renewed: true });
      const settles = bySecretToBe === true && row.nextHash !== undefined && sameHash(row.nextHash, secretHash);
      if (bySecretToBe === true && !settles)
        throw new TssError("FAILED_PRECONDITION", "The key has another secret that is to be: send that one first.", {
          reason: "SECRET_NOT_SETTLED",
        });
      const expiresAt = now + row.renewMs;
      const done = await reachable(() =>
        settles
          ? catalog.settleSecret(keyId, secretHash, expiresAt, now)
          : catalog.announceSecret(keyId, secretHash, now),
      );
      await reachable(() => ring.reload());
      if (!done) throw new TssError("ABORTED", "The key was changed meanwhile: send the same request again.");
      if (!settles)
        return create(RenewWorkerKeyResponseSchema, { ...(await equip(row, new Uint8Array())), renewed: false });
      logger.info({ keyId }, "an agent renewed its key");
      const renewed = { ...row, hash: secretHash, expiresAt };
      return create(RenewWorkerKeyResponseSchema, { ...(await equip(renewed, publicKey)), renewed: true });
    },
  };
}

function checkJoin({ keyId, secretHash, name, publicKey }: JoinWorkerRequest): void {
  const found = new Violations();
  if (!isApiKeyId(keyId)) found.add("key_id", "must be 12 letters and digits");
  found.line("name", name, 1, LIMITS.nameCharacters);
  checkParts(found, secretHash, publicKey);
  found.check();
}

function checkParts(found: Violations, secretHash: Uint8Array, publicKey: Uint8Array): void {
  if (secretHash.length !== HASH_BYTES) found.add("secret_hash", `must be ${HASH_BYTES} bytes, a SHA-256`);
  if (publicKey.length > LIMITS.publicKeyBytes || (publicKey.length > 0 && !isClientKey(publicKey)))
    found.add("public_key", "must be a P-256 key in SPKI, DER");
}
