import { TaskTeasers } from "../tasks/task-teasers.tsx";
import { Empty } from "../ui/note.tsx";

/** Shown at most: a worker may hold thousands. */
const MOST = 25;

/** What a worker holds now. */
export function CurrentTasks({ ids }: { readonly ids: readonly string[] }) {
  return (
    <section className="part">
      <h2>Runs now</h2>
      {ids.length === 0 ? (
        <Empty title="It runs nothing just now." />
      ) : (
        <>
          <TaskTeasers ids={ids.slice(0, MOST)} />
          {ids.length > MOST && <p className="dim">and {ids.length - MOST} more</p>}
        </>
      )}
    </section>
  );
}
