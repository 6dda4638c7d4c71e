import { useQuery } from "@tanstack/react-query";
import { Link, useSearch } from "@tanstack/react-router";
import { call } from "../api/call.ts";
import { toProblem } from "../api/problem.ts";
import { may } from "../session/session.ts";
import { Note, Skeleton } from "../ui/note.tsx";
import { useTitle } from "../ui/use-title.ts";
import { BLANK, draftLike, restOfSpec } from "./draft.ts";
import { SubmitForm } from "./submit-form.tsx";

/** A new task, from nothing or like another. */
export function SubmitPage() {
  const { like } = useSearch({ from: "/in/submit" });
  useTitle(like === undefined ? "Submit" : "Edit a copy");
  const read = useQuery({
    queryKey: ["task", like],
    queryFn: async ({ signal }) => (await call("TaskService", "getTask", { id: like ?? "" }, signal)).task ?? null,
    enabled: like !== undefined,
  });
  const model = read.data;
  return (
    <div className="page submit-page">
      <h1>{like === undefined ? "Submit a task" : "Submit a copy"}</h1>
      {like !== undefined && (
        <p>
          Filled in like{" "}
          <Link to="/task/$id" params={{ id: like }} className="mono">
            {like}
          </Link>
          ; that task stays as it is.
        </p>
      )}
      {!may("TaskService/SubmitTasks") ? (
        <Note meaning="attention">Your key may look at tasks and not submit any.</Note>
      ) : like === undefined ? (
        <SubmitForm initial={BLANK} rest={{}} />
      ) : read.error !== null ? (
        <Note meaning="bad">{toProblem(read.error).message}</Note>
      ) : model == null ? (
        <Skeleton />
      ) : (
        <SubmitForm key={like} initial={draftLike(model)} rest={restOfSpec(model.spec ?? {})} />
      )}
    </div>
  );
}
