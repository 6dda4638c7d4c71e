import { COMMANDS, commandOf } from "./runner/commands.ts";
import { canPlay, play } from "./runner/play.ts";
import { readScenarios } from "./runner/scenario.ts";
import { Stage } from "./runner/stage.ts";
import { startSystem } from "./runner/system.ts";

/**
 * `node sdk/conformance/run.ts [CELL…]`: plays the scenarios against a coordinator of its own and prints a table. A cell
 * is an SDK, or `a:b`: a submits, b works. Exit code 1 when a scenario failed.
 */
async function run(cells: readonly string[]): Promise<number> {
  const system = await startSystem();
  const scenarios = readScenarios();
  const rows = scenarios.map(({ name }) => [name]);
  const failures: string[] = [];
  try {
    for (const cell of cells) {
      const stage = await stageOf(system, cell);
      for (const [index, scenario] of scenarios.entries()) {
        let mark = "–";
        try {
          if (await canPlay(scenario, stage)) {
            await play(scenario, stage);
            mark = "✓";
          }
        } catch (error) {
          mark = "✗";
          failures.push(`${cell}, ${scenario.name}: ${(error as Error).message}`);
        }
        rows[index]?.push(mark);
      }
      await stage.close();
    }
  } finally {
    await system.close();
  }
  console.log([`| scenario | ${cells.join(" | ")} |`, `| --- |${" --- |".repeat(cells.length)}`].join("\n"));
  for (const row of rows) console.log(`| ${row.join(" | ")} |`);
  for (const failure of failures) console.error(failure);
  return failures.length === 0 ? 0 : 1;
}

async function stageOf(system: { readonly address: string; readonly apiKey: string }, cell: string): Promise<Stage> {
  const [submits = "", works = submits] = cell.split(":");
  const made = await commandOf(submits);
  return new Stage(system, made, works === submits ? made : await commandOf(works));
}

const given = process.argv.slice(2);
process.exitCode = await run(given.length > 0 ? given : Object.keys(COMMANDS)).catch((error: Error) => {
  console.error(error.message);
  return 1;
});
