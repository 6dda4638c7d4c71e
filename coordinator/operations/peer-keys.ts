import type { Role } from "../../proto/gen/tss/v1/operator_service_pb.js";
import type { Clock } from "../../runtime/clock.ts";
import { PEER_PREFIX, readPeer } from "../kernel/peer-token.ts";
import { REFUSALS } from "./key-refusals.ts";
import type { KeyRing } from "./key-ring.ts";
import type { Caller } from "./operations.ts";
import { PEER } from "./peers.ts";

type Keys = Pick<KeyRing, "verify" | "refusal" | "noteUse" | "onChange">;

/** Keys of callers, and the word of other coordinators for callers whose keys they have proven. */
export function peerAwareKeys(keys: Keys, secret: Buffer, clock: Clock): Keys {
  return {
    verify(text): Caller {
      if (!text?.startsWith(PEER_PREFIX)) return keys.verify(text);
      const claims = readPeer(secret, text, clock.now());
      if (claims === null) throw REFUSALS.unknown();
      const { keyId, role, inJob = false } = claims;
      return { keyId, role: role as Role, forwarded: true, inJob };
    },
    refusal: (keyId) => (keyId === PEER.keyId ? undefined : keys.refusal(keyId)),
    noteUse: (keyId) => (keyId === PEER.keyId ? undefined : keys.noteUse(keyId)),
    onChange: (listener) => keys.onChange(listener),
  };
}
