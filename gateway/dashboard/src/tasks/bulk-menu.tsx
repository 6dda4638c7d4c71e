import type { ListTasksRequestJson } from "../../../../proto/gen/tss/v1/task_service_pb.js";
import { startBulk } from "../bulk/bulk.ts";
import { statusesFor } from "../bulk/bulk-job.ts";
import { may } from "../session/session.ts";
import { Glyph } from "../ui/glyph.tsx";
import { Menu, type MenuItem } from "../ui/menu.tsx";

/** What can be done to every task that fits the search. */
export function BulkMenu({ request }: { readonly request: ListTasksRequestJson }) {
  const items: MenuItem[] = [];
  if (may("TaskService/CancelTasks") && statusesFor("cancel", request).length > 0)
    items.push({ label: "Cancel them", glyph: "stop", run: () => startBulk("cancel", request) });
  if (may("TaskService/RetryTasks") && statusesFor("retry", request).length > 0)
    items.push({ label: "Run them again", glyph: "retry", run: () => startBulk("retry", request) });
  if (items.length === 0) return null;
  return (
    <Menu label="Do something to all that fit" items={items}>
      All that fit
      <Glyph name="down" />
    </Menu>
  );
}
