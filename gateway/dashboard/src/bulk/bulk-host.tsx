import { lazy, Suspense } from "react";
import { useStore } from "../ui/store.ts";
import { bulkJob } from "./bulk.ts";

const BulkDialog = lazy(async () => ({ default: (await import("./bulk-dialog.tsx")).BulkDialog }));

/** Whatever page is shown, the job that is under way. */
export function BulkHost() {
  const job = useStore(bulkJob);
  if (job === null) return null;
  return (
    <Suspense>
      <BulkDialog job={job} />
    </Suspense>
  );
}
