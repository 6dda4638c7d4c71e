import { type FormEvent, useId, useState } from "react";
import { toProblem } from "../api/problem.ts";
import { Button } from "../ui/button.tsx";
import { Mark } from "../ui/mark.tsx";
import { Note } from "../ui/note.tsx";
import { useTitle } from "../ui/use-title.ts";
import { signIn } from "./session.ts";

/** An API key for a session. The key itself is not kept by the page. */
export function SignInPage({ note }: { readonly note: string }) {
  useTitle("Sign in");
  const [key, setKey] = useState("");
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);
  const id = useId();
  const enter = async () => {
    setBusy(true);
    setProblem("");
    try {
      await signIn({ key: key.trim() });
    } catch (error) {
      setProblem(toProblem(error).message);
      setBusy(false);
    }
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (key.trim() === "") setProblem("Give an API key: it begins with tss_.");
    else void enter();
  };
  return (
    <main className="sign-in">
      <form onSubmit={submit}>
        <Mark />
        <h1>Sign in to TSS</h1>
        {note !== "" && problem === "" && <Note meaning="attention">{note}</Note>}
        {problem !== "" && <Note meaning="bad">{problem}</Note>}
        <label htmlFor={id}>API key</label>
        <input
          id={id}
          type="password"
          autoComplete="current-password"
          spellCheck={false}
          placeholder="tss_…"
          value={key}
          onChange={(event) => setKey(event.target.value)}
        />
        <Button type="submit" look="primary" busy={busy}>
          Sign in
        </Button>
        <p className="dim">
          On the machine that runs TSS, <code>npx tss ui</code> opens this page signed in. Other keys are made with{" "}
          <code>npx tss key create</code>; what a key may do is what you may do here.
        </p>
      </form>
    </main>
  );
}
