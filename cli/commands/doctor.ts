import { TssCommand } from "../base-command.ts";
import type { Finding } from "../doctor/finding.ts";
import { runChecks } from "../doctor/run-checks.ts";
import { EXIT } from "../exit-codes.ts";
import { painterFor } from "../render/color.ts";
import { printable } from "../render/printable.ts";
import { pad } from "../render/width.ts";

const NAME_WIDTH = 11;

export default class Doctor extends TssCommand {
  static override summary = "look for what is wrong";
  static override description =
    "Checks settings, disk, database, coordinator, TLS, key, clock, gateway, workers, queues and waiting tasks, one line " +
    "each, with what mends it. Exits 1 if something is wrong.";
  static override examples = [
    "<%= config.bin %> doctor",
    "<%= config.bin %> doctor --json | jq '.findings[] | select(.state != \"ok\")'",
  ];

  async run(): Promise<unknown> {
    const { flags } = await this.parse(Doctor);
    const findings: Finding[] = [];
    for await (const finding of runChecks(flags.coordinator)) {
      findings.push(finding);
      await this.print(lineOf(finding));
    }
    const wrong = findings.some((finding) => finding.state === "fail");
    if (wrong) process.exitCode = EXIT.failed;
    return { ok: !wrong, findings };
  }
}

function lineOf(finding: Finding): string {
  const paint = painterFor(process.stdout);
  const mark = { ok: paint.green("✓"), warn: paint.yellow("!"), fail: paint.red("✗") }[finding.state];
  const mend = finding.mend === undefined ? "" : `\n  ${" ".repeat(NAME_WIDTH)} → ${printable(finding.mend)}`;
  return `${mark} ${pad(finding.check, NAME_WIDTH)} ${printable(finding.message)}${mend}\n`;
}
