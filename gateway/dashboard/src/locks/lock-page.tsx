import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { useState } from "react";
import type { LockHolderJson, LockJson } from "../../../../proto/gen/tss/v1/lock_service_pb.js";
import { call } from "../api/call.ts";
import { toProblem } from "../api/problem.ts";
import { paused } from "../live/live.ts";
import { may } from "../session/session.ts";
import { Button } from "../ui/button.tsx";
import { Crumbs } from "../ui/crumbs.tsx";
import { displayText } from "../ui/display-text.ts";
import { Glyph } from "../ui/glyph.tsx";
import { Empty, Note, Skeleton } from "../ui/note.tsx";
import { useStore } from "../ui/store.ts";
import { useTitle } from "../ui/use-title.ts";
import { HolderTable } from "./holder-table.tsx";
import { LineTable } from "./line-table.tsx";
import { lockLook } from "./lock-look.ts";
import { LockUsage } from "./lock-usage.tsx";
import { TakeAwayDialog } from "./take-away-dialog.tsx";

const AGAIN_MS = 1_000;

/** One lock: who holds it, who waits for it in which order, and an operator's way to take it from a holder that is gone. */
export function LockPage() {
  const { name } = useParams({ from: "/in/locks/$name" });
  useTitle(`Lock ${name}`);
  const held = useStore(paused);
  const { data, error } = useQuery({
    queryKey: ["lock", name],
    queryFn: ({ signal }) => call("LockService", "getLock", { name }, signal),
    refetchInterval: held ? false : AGAIN_MS,
    staleTime: 0,
  });
  const lock = data?.lock;
  const shown = displayText(name, 63);
  return (
    <div className="page">
      {lock === undefined ? (
        <>
          <Crumbs to="/locks" list="Locks" name={shown} />
          <h1>{shown}</h1>
        </>
      ) : null}
      {error !== null && <Note meaning={lock === undefined ? "bad" : "attention"}>{toProblem(error).message}</Note>}
      {lock === undefined ? error === null && <Skeleton /> : <Shown key={name} lock={lock} />}
    </div>
  );
}

function Shown({ lock }: { readonly lock: LockJson }) {
  const { name = "", holders = [] } = lock;
  const { word, meaning, glyph } = lockLook(lock);
  // Whom it is to be taken from, while that is asked.
  const [asked, setAsked] = useState<LockHolderJson | "all">();
  const [result, setResult] = useState("");
  const queries = useQueryClient();
  const mayTake = may("LockService/ForceReleaseLock");
  const [only] = holders;
  const taken = (text: string) => {
    setResult(text);
    void queries.invalidateQueries({ queryKey: ["lock", name] });
  };
  return (
    <>
      <header className="task-header">
        <Crumbs to="/locks" list="Locks" name={name} />
        <div className="task-title">
          <h1>{name}</h1>
          <span className={`state ${meaning}`}>
            <Glyph name={glyph} />
            {word}
          </span>
          <LockUsage lock={lock} />
        </div>
        {mayTake && only !== undefined && (
          <div className="actions">
            <Button glyph="ban" onClick={() => setAsked(holders.length === 1 ? only : "all")}>
              {holders.length === 1 ? "Take away" : "Take away from all"}
            </Button>
          </div>
        )}
      </header>
      {result !== "" && <Note meaning="good">{result}</Note>}
      <section className="part">
        <h2>Held by</h2>
        {only === undefined ? (
          <Empty title="Nobody holds it." />
        ) : (
          <HolderTable holders={holders} onTake={mayTake && holders.length > 1 ? setAsked : undefined} />
        )}
      </section>
      <section className="part">
        <h2>In line</h2>
        <LineTable lock={lock} />
      </section>
      {asked !== undefined && (
        <TakeAwayDialog lock={lock} from={asked} onTaken={taken} onClose={() => setAsked(undefined)} />
      )}
    </>
  );
}
