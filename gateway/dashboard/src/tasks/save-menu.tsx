import type { ListTasksRequestJson } from "../../../../proto/gen/tss/v1/task_service_pb.js";
import { LIMITS } from "../../../../proto/limits.ts";
import { BASE } from "../api/fetch-json.ts";
import { formatCount } from "../ui/format-count.ts";
import { Glyph } from "../ui/glyph.tsx";
import { Menu } from "../ui/menu.tsx";
import { restQuery } from "./rest-query.ts";

const FORMATS = [
  { format: "csv", word: "CSV, for a spreadsheet" },
  { format: "ndjson", word: "JSON, a task a line" },
] as const;

/** What fits the search as a file, which the browser takes while it is read. */
export function SaveMenu({ request }: { readonly request: ListTasksRequestJson }) {
  const items = FORMATS.map(({ format, word }) => ({
    label: word,
    glyph: "download" as const,
    run: () => save(format, request),
  }));
  return (
    <Menu label={`Save the list as a file: the newest ${formatCount(LIMITS.exportTasks)} at most`} items={items}>
      <Glyph name="download" />
      Save
      <Glyph name="down" />
    </Menu>
  );
}

function save(format: string, request: ListTasksRequestJson): void {
  const link = document.createElement("a");
  link.href = `${BASE}task/export?${restQuery(request)}&format=${format}`;
  link.download = `tasks.${format}`;
  link.click();
}
