import type { Lock, LockHolder } from "../../proto/gen/tss/v1/lock_service_pb.js";
import type { Painter } from "./color.ts";
import { printable } from "./printable.ts";
import { type Column, pairLines, tableLines } from "./table.ts";
import { clockText, msOf, relativeText, spanOf } from "./time.ts";

export function lockTable(locks: readonly Lock[], now: number, width: number | undefined, paint: Painter): string[] {
  const shape: Column<Lock>[] = [
    { title: "LOCK", value: ({ name }) => printable(name), shrinkTo: 10, paint: (text) => paint.bold(text) },
    { title: "HELD", value: (lock) => `${heldOf(lock)}/${lock.permits}`, right: true },
    { title: "WAITING", value: ({ waiting }) => `${waiting}`, right: true },
    { title: "TOKEN", value: ({ holders }) => `${holders.at(-1)?.token ?? ""}`, right: true },
    { title: "HOLDER", value: ({ holders }) => nameOf(holders[0]), shrinkTo: 10 },
    { title: "SINCE", value: ({ holders }) => relativeText(msOf(holders[0]?.acquiredAt), now) },
    { title: "ENDS", value: ({ holders }) => relativeText(msOf(holders[0]?.expiresAt), now) },
  ];
  return tableLines(locks, shape, width);
}

export function lockDetail(lock: Lock, now: number, paint: Painter): string[] {
  const time = (at: number | undefined) =>
    at === undefined ? "" : `${clockText(at) ?? ""} (${relativeText(at, now)})`;
  const holders = lock.holders.flatMap((holder) =>
    pairLines(
      [
        ["Held by", paint.bold(nameOf(holder))],
        ["Token", `${holder.token}`],
        ["Key", printable(holder.keyId)],
        ["Since", time(msOf(holder.acquiredAt))],
        ["Ends", `${time(msOf(holder.expiresAt))} unless renewed; ttl ${spanOf(holder.ttl) ?? ""}`],
      ],
      paint.dim,
    ),
  );
  const more = lock.waiting - lock.waiters.length;
  const others = heldOf(lock) - lock.holders.length;
  return [
    ...pairLines(
      [
        ["Lock", paint.bold(printable(lock.name))],
        ["Permits", lock.permits > 1 ? `${heldOf(lock)} of ${lock.permits} taken` : undefined],
        ["State", lock.holders.length === 0 ? paint.green("free") : undefined],
      ],
      paint.dim,
    ),
    ...holders,
    ...(others > 0 ? [`         and ${others} more`] : []),
    ...lock.waiters.map(
      (waiter, at) =>
        `${paint.dim(at === 0 ? "In line" : "       ")}  ${printable(waiter.holder || waiter.keyId)}, ${relativeText(msOf(waiter.since), now)}`,
    ),
    ...(more > 0 ? [`         and ${more} more`] : []),
  ];
}

/** Everybody who holds it: an answer names some of them. A coordinator of an earlier version does not count them. */
function heldOf({ held, holders }: Lock): number {
  return Math.max(held, holders.length);
}

function nameOf(holder: LockHolder | undefined): string {
  return holder === undefined ? "" : printable(holder.holder || `key ${holder.keyId}`);
}
