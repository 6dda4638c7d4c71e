import { Link } from "@tanstack/react-router";
import type { LockHolderJson } from "../../../../proto/gen/tss/v1/lock_service_pb.js";
import { holderText, taskOf } from "./lock-look.ts";

/** Who holds or waits; a task leads to its page. */
export function HolderName({ of }: { readonly of: Pick<LockHolderJson, "holder" | "keyId"> }) {
  const id = taskOf(of);
  if (id === undefined) return <span>{holderText(of)}</span>;
  return (
    <span>
      task{" "}
      <Link to="/task/$id" params={{ id }} className="mono in-text" title={id}>
        {id.slice(0, 6)}…{id.slice(-4)}
      </Link>
    </span>
  );
}
