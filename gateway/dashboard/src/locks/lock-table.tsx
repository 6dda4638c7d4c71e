import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { LockJson } from "../../../../proto/gen/tss/v1/lock_service_pb.js";
import { Age } from "../time/time.tsx";
import { formatCount, plural } from "../ui/format-count.ts";
import { readNumber } from "../ui/number.ts";
import { type Column, Table } from "../ui/table.tsx";
import { useHeldOrder } from "../ui/use-held-order.ts";
import { HolderName } from "./holder-name.tsx";
import { endsFirst, heldOf, heldSince } from "./lock-look.ts";
import { LockUsage } from "./lock-usage.tsx";

const COLUMNS: readonly Column[] = [
  { name: "Lock" },
  { name: "Permits in use" },
  { name: "Held by", wide: true },
  { name: "Since", number: true, wide: true },
  { name: "Ends", number: true, wide: true },
  { name: "Waiting", number: true },
];

/** Locks by name; they stand still while somebody points at one. */
export function LockTable({ locks }: { readonly locks: readonly LockJson[] }) {
  const byName = new Map(locks.map((lock) => [lock.name ?? "", lock]));
  const { order, hold } = useHeldOrder([...byName.keys()]);
  const rows = order.flatMap((name) => {
    const lock = byName.get(name);
    return lock === undefined ? [] : [{ key: name, cells: cellsOf(lock) }];
  });
  return <Table name="Locks" columns={COLUMNS} rows={rows} hold={hold} />;
}

function cellsOf(lock: LockJson): ReactNode[] {
  const { name = "", holders = [], waiting } = lock;
  const [holder] = holders;
  return [
    <Link key="name" to="/locks/$name" params={{ name }} className="row-link">
      {name}
    </Link>,
    <LockUsage key="permits" lock={lock} />,
    holder === undefined ? (
      <span className="dim">nobody</span>
    ) : (
      <span key="holder">
        <HolderName of={holder} />
        {holders.length > 1 && <span className="dim"> and {plural(heldOf(lock) - 1, "other")}</span>}
      </span>
    ),
    <Age key="since" at={heldSince(holders)} />,
    <Age key="ends" at={endsFirst(holders)} />,
    formatCount(readNumber(waiting)),
  ];
}
