import type { ApiKeyJson } from "../../../../proto/gen/tss/v1/operator_service_pb.js";
import { readStamp } from "../time/format.ts";
import { Glyph } from "../ui/glyph.tsx";

const SOON_MS = 7 * 86_400_000;

/** Whether a key is good. */
export function KeyBadge({ apiKey, now }: { readonly apiKey: ApiKeyJson; readonly now: number }) {
  const ends = readStamp(apiKey.expiresAt) ?? Number.POSITIVE_INFINITY;
  if (apiKey.usedBy !== undefined)
    return (
      <span className="state waiting">
        <Glyph name="check" />
        used
      </span>
    );
  if (apiKey.revokedAt !== undefined)
    return (
      <span className="state waiting">
        <Glyph name="ban" />
        revoked
      </span>
    );
  if (ends <= now)
    return (
      <span className="state waiting">
        <Glyph name="clock" />
        expired
      </span>
    );
  // An agent sees to its own, and a token is meant to be short.
  if (ends - now < SOON_MS && !apiKey.renews && apiKey.role !== "ROLE_JOIN")
    return (
      <span className="state attention">
        <Glyph name="clock" />
        expires soon
      </span>
    );
  return (
    <span className="state good">
      <Glyph name="check" />
      good
    </span>
  );
}
