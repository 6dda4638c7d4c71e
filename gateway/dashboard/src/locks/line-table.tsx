import type { LockJson } from "../../../../proto/gen/tss/v1/lock_service_pb.js";
import { Age } from "../time/time.tsx";
import { plural } from "../ui/format-count.ts";
import { Empty } from "../ui/note.tsx";
import { readNumber } from "../ui/number.ts";
import { type Column, Table } from "../ui/table.tsx";
import { HolderName } from "./holder-name.tsx";
import { KeyName } from "./key-name.tsx";

const COLUMNS: readonly Column[] = [
  { name: "Place" },
  { name: "Who" },
  { name: "Key", wide: true },
  { name: "Waits since", number: true },
];

/** The line, first come first. */
export function LineTable({ lock: { waiters = [], waiting } }: { readonly lock: LockJson }) {
  const more = readNumber(waiting) - waiters.length;
  if (waiters.length === 0) return <Empty title="Nobody waits for it." />;
  return (
    <>
      <Table
        name="In line"
        columns={COLUMNS}
        rows={waiters.map((waiter, index) => ({
          key: `${index} ${waiter.keyId} ${waiter.since}`,
          cells: [
            index + 1,
            <HolderName key="who" of={waiter} />,
            <KeyName key="key" id={waiter.keyId} />,
            <Age key="since" at={waiter.since} />,
          ],
        }))}
      />
      {more > 0 && <p className="dim">and {plural(more, "other")} behind them</p>}
    </>
  );
}
