import type { Metadata } from "@grpc/grpc-js";
import { TssError } from "../../proto/errors.ts";
import { isForCoordinators, isOpenToEveryone, mayCall, roleName, rolesThatMayCall } from "../kernel/permissions.ts";
import type { KeyRing } from "../operations/key-ring.ts";
import type { Caller } from "../operations/operations.ts";

/**
 * Who calls, if the method needs to know, and that they may.
 * @throws TssError UNAUTHENTICATED without a valid key, PERMISSION_DENIED when its role may not call the method.
 */
export function identify(metadata: Metadata, method: string, keys: Pick<KeyRing, "verify">): Caller | undefined {
  if (isOpenToEveryone(method)) return undefined;
  const caller = keys.verify(sentKey(metadata));
  if (isForCoordinators(method)) {
    if (caller.forwarded) return caller;
    throw new TssError("PERMISSION_DENIED", `Only the coordinators of this system may call ${method}.`, {
      reason: "ROLE_NOT_ALLOWED",
    });
  }
  if (mayCall(caller.role, method)) return caller;
  throw new TssError(
    "PERMISSION_DENIED",
    `A key of role ${roleName(caller.role)} may not call ${method}: use a key of role ${rolesThatMayCall(method)}.`,
    { reason: "ROLE_NOT_ALLOWED" },
  );
}

/** The key from `authorization: Bearer …` or `x-api-key`; the first wins. */
function sentKey(metadata: Metadata): string | undefined {
  const [authorization] = metadata.get("authorization");
  if (authorization !== undefined) return /^bearer +(.*)$/i.exec(String(authorization))?.[1] ?? String(authorization);
  const [key] = metadata.get("x-api-key");
  return key === undefined ? undefined : String(key);
}
