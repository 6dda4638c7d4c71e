import type { LockJson } from "../../../../proto/gen/tss/v1/lock_service_pb.js";
import { formatCount } from "../ui/format-count.ts";
import { readNumber } from "../ui/number.ts";
import { Usage } from "../ui/usage.tsx";
import { namesAll } from "./lock-look.ts";

/** How many permits are in use of all. Of more holders than an answer names it is known only that all are, when somebody waits. */
export function LockUsage({ lock }: { readonly lock: LockJson }) {
  const { name = "", holders = [], waiting } = lock;
  const permits = readNumber(lock.permits);
  if (!namesAll(lock) && readNumber(waiting) === 0)
    return (
      <span className="tabular">
        {holders.length} or more<span className="dim"> of {formatCount(permits)}</span>
      </span>
    );
  return <Usage used={namesAll(lock) ? holders.length : permits} of={permits} name={`Permits of ${name}`} />;
}
