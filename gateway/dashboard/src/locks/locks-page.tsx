import { useNavigate, useSearch } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import type { LockJson } from "../../../../proto/gen/tss/v1/lock_service_pb.js";
import { LIMITS } from "../../../../proto/limits.ts";
import { useRows } from "../live/use-topic.ts";
import { Button } from "../ui/button.tsx";
import { FilterField } from "../ui/filter-field.tsx";
import { Empty, Note, Skeleton } from "../ui/note.tsx";
import { useTitle } from "../ui/use-title.ts";
import { LockTable } from "./lock-table.tsx";

const PAGE = 100;
/** Somebody who writes has stopped for so long, ms. */
const TYPED_MS = 250;

/** Locks that somebody holds or waits for, a page at a time. */
export function LocksPage() {
  useTitle("Locks");
  const { prefix = "", after = "" } = useSearch({ from: "/in/locks" });
  const navigate = useNavigate();
  const [text, setText] = useState(prefix);
  const isName = (part: string) => part === "" || LIMITS.lockName.test(part);
  const sensible = isName(prefix) && isName(after);
  const request = JSON.stringify({ prefix, cursor: after, limit: PAGE });
  const { state, problem } = useRows<LockJson>(sensible ? `locks ${request}` : null);
  // Another address than what was written here, say by the way back: the field says that one.
  const written = useRef(prefix);
  useEffect(() => {
    if (prefix !== written.current) setText(prefix);
    written.current = prefix;
  }, [prefix]);
  const wanted = text.trim().toLowerCase();
  useEffect(() => {
    if (wanted === prefix) return;
    const search = wanted === "" ? {} : { prefix: wanted };
    const timer = setTimeout(() => {
      written.current = wanted;
      void navigate({ to: "/locks", search, replace: true });
    }, TYPED_MS);
    return () => clearTimeout(timer);
  }, [wanted, prefix, navigate]);
  const locks = state === undefined ? [] : state.order.flatMap((name) => state.rows[name] ?? []);
  const next = String(state?.rest["nextCursor"] ?? "");
  const go = (search: { after?: string }) =>
    void navigate({ to: "/locks", search: { ...(prefix === "" ? {} : { prefix }), ...search } });
  return (
    <div className="page">
      <div className="page-head">
        <h1>Locks</h1>
        {(text !== "" || prefix !== "" || after !== "" || next !== "" || locks.length > 5) && (
          <FilterField label="Names that begin with" value={text} onChange={setText} />
        )}
      </div>
      {problem !== undefined && <Note meaning="attention">{problem.detail}</Note>}
      {!sensible ? (
        <Empty title="No lock has such a name.">
          <p>Names are of a–z, 0–9, “.”, “_” and “-”, and begin with a letter or digit.</p>
        </Empty>
      ) : state === undefined ? (
        problem === undefined && <Skeleton />
      ) : locks.length > 0 ? (
        <LockTable locks={locks} />
      ) : after !== "" ? (
        <Empty title="There are no more." />
      ) : prefix !== "" ? (
        <Empty title="Nobody holds a lock whose name begins so." />
      ) : (
        <Empty title="Nobody holds a lock just now.">
          <p>A lock is here for as long as somebody holds it or waits for it. One is taken, kept and given back by</p>
          <pre>tss lock run deploy -- ./deploy.sh</pre>
        </Empty>
      )}
      {(after !== "" || next !== "") && (
        <div className="actions">
          {after !== "" && <Button onClick={() => go({})}>To the first</Button>}
          {next !== "" && <Button onClick={() => go({ after: next })}>Show the next {PAGE}</Button>}
        </div>
      )}
    </div>
  );
}
