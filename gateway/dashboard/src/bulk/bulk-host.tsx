import { lazy, Suspense, useEffect } from "react";
import { may, session } from "../session/session.ts";
import { useStore } from "../ui/store.ts";
import { bulkSight, findBulk } from "./bulk.ts";

const BulkView = lazy(async () => ({ default: (await import("./bulk-view.tsx")).BulkView }));

/** Whatever page is shown, the job that is under way. */
export function BulkHost() {
  const sight = useStore(bulkSight);
  const now = useStore(session);
  const keyId = now.kind === "in" ? now.who.keyId : "";
  useEffect(() => {
    if (keyId !== "" && may("BulkService/RunBulk")) findBulk(keyId).catch(() => {});
  }, [keyId]);
  if (sight === null) return null;
  return (
    <Suspense>
      <BulkView sight={sight} />
    </Suspense>
  );
}
