import { Link, useRouter } from "@tanstack/react-router";
import { toProblem } from "../api/problem.ts";
import { Button } from "../ui/button.tsx";
import { Empty, Note } from "../ui/note.tsx";
import { useTitle } from "../ui/use-title.ts";

export function NotFoundPage() {
  useTitle("Nothing here");
  return (
    <div className="page">
      <h1>Nothing here</h1>
      <Empty title="There is no page at this address.">
        <p>
          It may have a slip, or belong to another version. <Link to="/tasks">All tasks</Link>
        </p>
      </Empty>
    </div>
  );
}

/** A page that failed: the others go on, and so does it when it is tried again. */
export function ErrorPage({ error }: { readonly error: unknown }) {
  const router = useRouter();
  const stale = /dynamically imported module|Importing a module script failed/.test(String(error));
  return (
    <div className="page">
      <h1>This page cannot be shown</h1>
      <Note meaning="bad">
        {stale ? "The dashboard has a newer version. Reload the page." : toProblem(error).message}
      </Note>
      <Button onClick={() => (stale ? location.reload() : void router.invalidate())}>
        {stale ? "Reload" : "Try again"}
      </Button>
    </div>
  );
}
