import type { Duration } from "@bufbuild/protobuf/wkt";
import { durationMs } from "@bufbuild/protobuf/wkt";
import type { Identity } from "./identity.ts";

/** At two thirds of a life it is renewed, agents that joined together a little apart. */
const RENEW_AT = 2 / 3;
const SPREAD = 0.05;

/** When what was just given is to be renewed and when it ends, by this machine's clock, whatever the coordinator's says. */
export function lifeOf(
  validFor: Duration | undefined,
  now: number,
  chance = Math.random(),
): Pick<Identity, "renewAt" | "endsAt"> {
  const life = validFor === undefined ? 0 : durationMs(validFor);
  return { renewAt: now + life * RENEW_AT * (1 - SPREAD * chance), endsAt: now + life };
}
