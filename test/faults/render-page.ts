import { FAULTS } from "./catalogue/faults.ts";
import { PLANTED_BUGS } from "./catalogue/planted-bugs.ts";
import { MUTATIONS } from "./check/mutations.ts";
import { RULES, UNSEEN } from "./check/rules.ts";

/** docs/faults.md: what is promised when something breaks, what is done to see it, and how to read what comes out. */
export function renderPage(intro: string): string {
  const faults = table(
    ["fault", "what goes wrong", "what is promised", "lease again within"],
    FAULTS.map(({ name, says, promise, boundMs }) => [`\`${name}\``, says, promise, `${boundMs / 1_000} s`]),
  );
  const broken = Map.groupBy(MUTATIONS, ({ rule }) => rule);
  const rules = table(
    ["rule", "what must hold", "how far it is seen", "histories it must reject"],
    Object.entries(RULES).map(([id, { says, seen }]) => [
      id,
      says,
      seen,
      (broken.get(id) ?? []).map(({ name }) => name).join("; "),
    ]),
  );
  const unseen = table(["not looked at", "why"], Object.entries(UNSEEN));
  const bugs = table(
    ["planted bug", "what it does", "under", "found by"],
    PLANTED_BUGS.map(({ name, says, under, rules: found }) => [
      `\`${name}\``,
      says,
      `\`${under}\``,
      found.join(" or "),
    ]),
  );
  return intro
    .replace("FAULTS", () => faults)
    .replace("RULES", () => `${rules}\n\n${unseen}`)
    .replace("BUGS", () => bugs);
}

function table(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = [titles, ...rows].map((row) => row.map((cell) => cell.replaceAll("|", "\\|")));
  const widths = titles.map((_, at) => Math.max(...cells.map((row) => (row[at] ?? "").length)));
  const line = (row: readonly string[]) => `| ${row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(" | ")} |`;
  const [head = [], ...body] = cells;
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...body.map(line)].join("\n");
}
