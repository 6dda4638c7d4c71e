import type { LockJson } from "../../../../proto/gen/tss/v1/lock_service_pb.js";
import { readNumber } from "../ui/number.ts";
import { Usage } from "../ui/usage.tsx";
import { heldOf } from "./lock-look.ts";

/** How many permits are in use of all. */
export function LockUsage({ lock }: { readonly lock: LockJson }) {
  return <Usage used={heldOf(lock)} of={readNumber(lock.permits)} name={`Permits of ${lock.name ?? ""}`} />;
}
