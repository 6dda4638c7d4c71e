import { lazy, type ReactNode, Suspense, useEffect } from "react";
import { onStreamRefused, restartLive } from "../live/live.ts";
import { Button } from "../ui/button.tsx";
import { Empty, Skeleton } from "../ui/note.tsx";
import { useStore } from "../ui/store.ts";
import { askSession, session } from "./session.ts";

const SignInPage = lazy(async () => ({ default: (await import("./sign-in-page.tsx")).SignInPage }));

const AGAIN_MS = 2_000;

// A coordinator that is just starting may refuse a key it will know in a moment: the stream is tried again while we are in.
onStreamRefused(async () => {
  await askSession();
  if (session.get().kind === "in") setTimeout(restartLive, AGAIN_MS);
});

/** Pages for who is signed in; the way in for everybody else. The address stays, so that one is where one wanted to be. */
export function SessionGate({ children }: { readonly children: ReactNode }) {
  const now = useStore(session);
  const keyId = now.kind === "in" ? now.who.keyId : undefined;
  useEffect(() => {
    if (keyId !== undefined) restartLive();
  }, [keyId]);
  useEffect(() => {
    if (now.kind !== "unreachable") return;
    const timer = setInterval(() => void askSession(), AGAIN_MS);
    return () => clearInterval(timer);
  }, [now.kind]);
  if (now.kind === "in") return children;
  if (now.kind === "out")
    return (
      <Suspense>
        <SignInPage note={now.note} />
      </Suspense>
    );
  return (
    <main className="page alone">
      {now.kind === "asking" ? (
        <Skeleton rows={4} />
      ) : (
        <Empty title="TSS cannot be reached.">
          <p>{now.note}</p>
          <Button onClick={() => void askSession()}>Try now</Button>
        </Empty>
      )}
    </main>
  );
}
