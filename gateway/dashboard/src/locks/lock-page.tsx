import { useParams } from "@tanstack/react-router";
import { useState } from "react";
import type { GetLockResponseJson, LockHolderJson, LockJson } from "../../../../proto/gen/tss/v1/lock_service_pb.js";
import { useValue } from "../live/use-topic.ts";
import { may } from "../session/session.ts";
import { Button } from "../ui/button.tsx";
import { Crumbs } from "../ui/crumbs.tsx";
import { displayText } from "../ui/display-text.ts";
import { plural } from "../ui/format-count.ts";
import { Glyph } from "../ui/glyph.tsx";
import { Empty, Note, Skeleton } from "../ui/note.tsx";
import { readNumber } from "../ui/number.ts";
import { ServerText } from "../ui/server-text.tsx";
import { useTitle } from "../ui/use-title.ts";
import { HolderTable } from "./holder-table.tsx";
import { LineTable } from "./line-table.tsx";
import { heldOf, lockLook, permitsText } from "./lock-look.ts";
import { TakeAwayDialog } from "./take-away-dialog.tsx";

/** One lock: who holds it, who waits for it in which order, and an operator's way to take it from a holder that is gone. */
export function LockPage() {
  const { name } = useParams({ from: "/in/locks/$name" });
  useTitle(`Lock ${name}`);
  const { state, problem } = useValue<GetLockResponseJson>(`lock ${JSON.stringify({ name })}`);
  const lock = state?.lock;
  const shown = displayText(name, 63);
  return (
    <div className="page">
      {lock === undefined ? (
        <>
          <Crumbs to="/locks" list="Locks" name={shown} />
          <h1>{shown}</h1>
        </>
      ) : null}
      {problem !== undefined && <Note meaning={lock === undefined ? "bad" : "attention"}>{problem.detail}</Note>}
      {lock === undefined ? problem === undefined && <Skeleton /> : <Shown key={name} lock={lock} />}
    </div>
  );
}

function Shown({ lock }: { readonly lock: LockJson }) {
  const { name = "", holders = [] } = lock;
  const { word, meaning, glyph } = lockLook(lock);
  // Whom it is to be taken from, while that is asked.
  const [asked, setAsked] = useState<LockHolderJson | "all">();
  const [result, setResult] = useState("");
  const mayTake = may("LockService/ForceReleaseLock");
  const [only] = holders;
  const others = heldOf(lock) - holders.length;
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
          {readNumber(lock.permits) > 1 && <span className="dim">{permitsText(lock)}</span>}
        </div>
        {mayTake && only !== undefined && (
          <div className="actions">
            <Button glyph="ban" onClick={() => setAsked(holders.length === 1 ? only : "all")}>
              {holders.length === 1 ? "Take away" : "Take away from all"}
            </Button>
          </div>
        )}
      </header>
      {result !== "" && (
        <Note meaning="good">
          <ServerText text={result} />
        </Note>
      )}
      <section className="part">
        <h2>Held by</h2>
        {only === undefined ? (
          <Empty title="Nobody holds it." />
        ) : (
          <>
            <HolderTable holders={holders} onTake={mayTake && holders.length > 1 ? setAsked : undefined} />
            {others > 0 && <p className="dim">{plural(others, "more holder")} with higher tokens.</p>}
          </>
        )}
      </section>
      <section className="part">
        <h2>In line</h2>
        <LineTable lock={lock} />
      </section>
      {asked !== undefined && (
        <TakeAwayDialog lock={lock} from={asked} onTaken={setResult} onClose={() => setAsked(undefined)} />
      )}
    </>
  );
}
