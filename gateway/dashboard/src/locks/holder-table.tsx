import type { LockHolderJson } from "../../../../proto/gen/tss/v1/lock_service_pb.js";
import { formatDuration, readSeconds } from "../time/format.ts";
import { Age } from "../time/time.tsx";
import { Button } from "../ui/button.tsx";
import { type Column, Table } from "../ui/table.tsx";
import { useHeldOrder } from "../ui/use-held-order.ts";
import { HolderName } from "./holder-name.tsx";
import { KeyName } from "./key-name.tsx";
import { holderText } from "./lock-look.ts";

const COLUMNS: readonly Column[] = [
  { name: "Holder" },
  { name: "Token", wide: true },
  { name: "Key", wide: "very" },
  { name: "Since", number: true, wide: true },
  { name: "TTL", number: true, wide: "very" },
  { name: "Ends", number: true },
];

/** Who holds the lock. @param props.onTake takes it from one of them; absent: that is not offered. */
export function HolderTable(props: {
  readonly holders: readonly LockHolderJson[];
  readonly onTake: ((holder: LockHolderJson) => void) | undefined;
}) {
  const { holders, onTake } = props;
  const byToken = new Map(holders.map((holder) => [holder.token ?? "", holder]));
  const { order, hold } = useHeldOrder([...byToken.keys()]);
  const rows = order.flatMap((token) => {
    const holder = byToken.get(token);
    if (holder === undefined) return [];
    return [{ key: token, cells: [...cellsOf(holder), onTake && <TakeAway holder={holder} onTake={onTake} />] }];
  });
  const columns = onTake === undefined ? COLUMNS : [...COLUMNS, { name: "Take away", number: true }];
  return <Table name="Holders" columns={columns} rows={rows} hold={hold} />;
}

function cellsOf(holder: LockHolderJson) {
  const { token, keyId, acquiredAt, ttl, expiresAt } = holder;
  return [
    <HolderName key="who" of={holder} />,
    <code key="token">{token}</code>,
    <KeyName key="key" id={keyId} />,
    <Age key="since" at={acquiredAt} />,
    formatDuration(readSeconds(ttl) ?? 0),
    <Age key="ends" at={expiresAt} />,
  ];
}

function TakeAway({
  holder,
  onTake,
}: {
  readonly holder: LockHolderJson;
  readonly onTake: (holder: LockHolderJson) => void;
}) {
  return (
    <Button aria-label={`Take away from ${holderText(holder)}`} onClick={() => onTake(holder)}>
      Take away
    </Button>
  );
}
