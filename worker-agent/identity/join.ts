import { setTimeout as pause } from "node:timers/promises";
import { TssError } from "../../proto/errors.ts";
import { ApiKeyService } from "../../proto/gen/tss/v1/operator_service_pb.js";
import { malformedJoinToken, parseApiKey } from "../../runtime/api-key.ts";
import { openConnection } from "../../sdk/typescript/connection/open-connection.ts";
import type { ConnectionOptions } from "../../sdk/typescript/connection-types.ts";
import { lockDirectory } from "../journal/lock.ts";
import { drawSecrets, shown } from "./draw-secrets.ts";
import { forgetJoining, type Identity, type Joining, readJoining, saveIdentity, saveJoining } from "./identity.ts";
import { lifeOf } from "./life.ts";

export interface JoinRequest {
  readonly directory: string;
  /** host:port, or several of one system. */
  readonly coordinator: string;
  readonly token: string;
  readonly name: string;
  readonly tls: ConnectionOptions["tls"];
  readonly userAgent: string;
}

/** Every coordinator reads new keys twice a second. */
const KNOWN_EVERYWHERE_MS = 1_500;

/**
 * Exchanges a token for a key of this agent's own, and keeps it in the directory. The secrets are on the disk before they
 * are shown to anybody: a join whose answer was lost is taken up by the next one with the same token.
 * @throws TssError one sentence: why the coordinator refuses, or the directory cannot be used.
 */
export async function joinSystem(request: JoinRequest): Promise<Identity> {
  const { directory, coordinator, token, name } = request;
  const reading = parseApiKey(token);
  if (reading.outcome !== "key") throw malformedJoinToken();
  // An agent that runs there would write its own identity over this one.
  const lock = lockDirectory(directory);
  const connection = openConnection({
    address: coordinator,
    tls: request.tls,
    userAgent: request.userAgent,
  } as ConnectionOptions);
  try {
    const joining = await begin(directory, reading.key.id, coordinator, caOf(request.tls));
    const answer = await connection.service(ApiKeyService).joinWorker({ token, name, ...shown(joining) });
    const { tokenId: _, ...secrets } = joining;
    const certificate = answer.certificate === "" ? {} : { certificate: answer.certificate };
    const identity: Identity = { ...secrets, ...certificate, ...lifeOf(answer.validFor, Date.now()) };
    await saveIdentity(directory, identity);
    forgetJoining(directory);
    await pause(KNOWN_EVERYWHERE_MS);
    return identity;
  } catch (error) {
    // What was drawn is of no use, so the next try draws anew.
    if (error instanceof TssError && error.reason === "KEY_ID_TAKEN") forgetJoining(directory);
    throw error;
  } finally {
    connection.close();
    lock.release();
  }
}

async function begin(
  directory: string,
  tokenId: string,
  coordinator: string,
  ca: string | undefined,
): Promise<Joining> {
  const before = readJoining(directory);
  const secrets = before?.tokenId === tokenId ? { key: before.key, tlsKey: before.tlsKey } : drawSecrets();
  const joining = { tokenId, coordinator, ...(ca === undefined ? {} : { ca }), ...secrets };
  await saveJoining(directory, joining);
  return joining;
}

function caOf(tls: ConnectionOptions["tls"]): string | undefined {
  return typeof tls === "function" ? tls().ca : tls?.ca;
}
