import { useEffect } from "react";
import type { GetBulkResponseJson } from "../../../../proto/gen/tss/v1/bulk_service_pb.js";
import { useValue } from "../live/use-topic.ts";
import { type BulkSight, isPrepared, isUnderWay, learnBulk } from "./bulk.ts";
import { BulkDialog } from "./bulk-dialog.tsx";
import { BulkLine } from "./bulk-line.tsx";
import "../styles/bulk.css";

/** The job as it goes on, over the browser's one stream. */
export function BulkView({ sight }: { readonly sight: BulkSight }) {
  const { job } = sight;
  const open = job !== undefined && (isPrepared(job) || isUnderWay(job));
  const { state, problem } = useValue<GetBulkResponseJson>(open ? `bulk ${JSON.stringify({ id: job.id })}` : null);
  const news = state?.bulk;
  useEffect(() => {
    if (news !== undefined) learnBulk(news);
  }, [news]);
  const lost = problem?.final === true ? problem.detail : undefined;
  return sight.small ? <BulkLine sight={sight} lost={lost} /> : <BulkDialog sight={sight} lost={lost} />;
}
