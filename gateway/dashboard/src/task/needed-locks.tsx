import { Link } from "@tanstack/react-router";
import { Fragment } from "react";
import type { LockNeedJson } from "../../../../proto/gen/tss/v1/task_pb.js";
import { lockText } from "./lock-text.ts";

/** Locks that a task needs; each leads to who holds it. */
export function NeededLocks({ locks }: { readonly locks: readonly LockNeedJson[] }) {
  return locks.map((need, index) => (
    <Fragment key={need.name}>
      {index > 0 && ", "}
      <Link to="/locks/$name" params={{ name: need.name ?? "" }} className="in-text">
        {lockText(need)}
      </Link>
    </Fragment>
  ));
}
