import { readFileSync } from "node:fs";
import * as Args from "@oclif/core/args";
import { TssError } from "../../../proto/errors.ts";
import {
  type CertificateFacts,
  endsSoon,
  minuteText,
  readCertificates,
  timeLeft,
  whyNotNow,
} from "../../../runtime/tls/certificate.ts";
import { TssCommand } from "../../base-command.ts";
import { factsJson } from "../../cert/facts-json.ts";
import { painterFor } from "../../render/color.ts";
import { printable } from "../../render/printable.ts";

export default class CertShow extends TssCommand {
  static override summary = "say what a certificate is";
  static override description = "Says of every certificate in a PEM file whom it names, what it is for and until when.";
  static override examples = [
    "<%= config.bin %> cert show .tss/tls/server.crt",
    "<%= config.bin %> cert show server.crt --json | jq -r '.certificates[0].notAfter'",
  ];
  static override args = { file: Args.string({ description: "PEM file", required: true }) };

  async run(): Promise<unknown> {
    const { args } = await this.parse(CertShow);
    const certificates = readCertificates(read(args.file), args.file);
    const now = Date.now();
    for (const facts of certificates) await this.print(`${textOf(facts, now)}\n`);
    return { certificates: certificates.map(factsJson) };
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new TssError("FAILED_PRECONDITION", `${file} cannot be read (${code}): name a PEM file.`, { cause: error });
  }
}

function textOf(facts: CertificateFacts, now: number): string {
  const paint = painterFor(process.stdout);
  const problem = whyNotNow(facts, now);
  const left = endsSoon(facts, now) ? paint.yellow(`${timeLeft(facts, now)} left`) : `${timeLeft(facts, now)} left`;
  const rows: readonly (readonly [string, string])[] = [
    ["use", { authority: "authority", server: "server (and client)", client: "client" }[facts.use]],
    ...(facts.hosts.length === 0 ? [] : [["hosts", printable(facts.hosts.join(", "))] as const]),
    ["signed by", facts.issuer === facts.name ? "itself" : printable(facts.issuer)],
    ["from", minuteText(facts.notBefore)],
    ["until", `${minuteText(facts.notAfter)} (${problem === undefined ? left : paint.red(`it ${problem}`)})`],
    ["serial", facts.serial.toLowerCase()],
    ["SHA-256", facts.fingerprint],
  ];
  return [paint.bold(printable(facts.name)), ...rows.map(([title, text]) => `  ${title.padEnd(10)} ${text}`)].join(
    "\n",
  );
}
