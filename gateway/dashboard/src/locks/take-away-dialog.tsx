import type { LockHolderJson, LockJson } from "../../../../proto/gen/tss/v1/lock_service_pb.js";
import { call } from "../api/call.ts";
import { Button } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { formatCount, plural } from "../ui/format-count.ts";
import { Note } from "../ui/note.tsx";
import { readNumber } from "../ui/number.ts";
import { ServerText } from "../ui/server-text.tsx";
import { useAction } from "../ui/use-action.ts";
import { heldOf, holderText, taskOf } from "./lock-look.ts";

/**
 * Asks before a lock is taken from its holder, and says what that does.
 * @param props.from the one who loses it, and nobody who may have it by then; or everybody.
 * @param props.onTaken told what has become of it.
 */
export function TakeAwayDialog(props: {
  readonly lock: LockJson;
  readonly from: LockHolderJson | "all";
  readonly onTaken: (result: string) => void;
  readonly onClose: () => void;
}) {
  const { lock, from, onTaken, onClose } = props;
  const { name = "", holders = [] } = lock;
  const { busy, problem, act } = useAction();
  const taken = from === "all" ? holders : [from];
  const take = async () => {
    const request = from === "all" ? { name } : { name, token: from.token ?? "0" };
    const done = await act(async () => {
      const { released = [], lock: now = {} } = await call("LockService", "forceReleaseLock", request);
      onTaken(resultText(lock, released, now));
    });
    if (done) onClose();
  };
  return (
    <Dialog title={`Take ${name} away?`} onClose={onClose}>
      <p>
        From{" "}
        <strong>
          <ServerText text={from === "all" ? `all ${plural(heldOf(lock), "holder")}` : holderText(from)} />
        </strong>
        {from !== "all" && (
          <>
            , token <code>{from.token}</code>
          </>
        )}
        .
      </p>
      <p>
        {from === "all" ? "Each of them" : "The holder"} learns of it at its next renewal and may go on until then: only
        a resource that refuses lower tokens stops it. <ServerText text={nextText(lock)} />
      </p>
      {taken.some((one) => taskOf(one) !== undefined) && (
        <p>An attempt of a task that holds it is told to stop, fails, and is tried again by the task's retry policy.</p>
      )}
      {problem !== undefined && <Note meaning="bad">{problem.message}</Note>}
      <div className="dialog-actions">
        <Button onClick={onClose}>Leave it</Button>
        <Button look="danger" glyph="ban" busy={busy} onClick={() => void take()}>
          Take it away
        </Button>
      </div>
    </Dialog>
  );
}

function nextText({ waiters = [], waiting }: LockJson): string {
  const [next] = waiters;
  if (next === undefined) return "Nobody waits for it.";
  const line = readNumber(waiting);
  return `The next in line${line > 1 ? ` of ${formatCount(line)}` : ""}, ${holderText(next)}, has it at once.`;
}

/** What was done: who lost it, and who has it now. @param before the lock as it was. */
function resultText(before: LockJson, released: readonly LockHolderJson[], now: LockJson): string {
  const { name, holders: had = [] } = before;
  if (released.length === 0) return `Nobody held ${name} any more.`;
  const from = released.map((one) => `${holderText(one)} (token ${one.token})`);
  const shown =
    from.length > 3 ? `${from.slice(0, 3).join(", ")} and ${plural(from.length - 3, "other")}` : from.join(", ");
  return `${name} was taken from ${shown}. ${nowText([...had, ...released], now)}`.trim();
}

/** Tokens rise: who was given it since holds a higher one than everybody before. */
function nowText(before: readonly LockHolderJson[], { holders = [] }: LockJson): string {
  if (holders.length === 0) return "It is free.";
  const last = Math.max(...before.map(({ token }) => readNumber(token)));
  const next = holders.filter(({ token }) => readNumber(token) > last).map(holderText);
  if (next.length === 0) return "";
  return `Now ${next.slice(0, 3).join(", ")}${next.length > 3 ? " and others" : ""} ${next.length > 1 ? "have" : "has"} it.`;
}
