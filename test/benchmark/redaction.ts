// `node test/benchmark/redaction.ts`: how fast an agent looks through the output of a task that was given secrets, in MB
// for a second of CPU: log lines in pieces of 64 KiB as pipes give them, once without any value and once with one in every tenth line.
import { randomBytes } from "node:crypto";
import { cpus } from "node:os";
import { machinesOf } from "../../worker-agent/redaction/machines-of.ts";
import { createRedactor } from "../../worker-agent/redaction/redactor.ts";

const MEGABYTE = 1e6;
const TOTAL_BYTES = 256 * MEGABYTE;
const PIECE_BYTES = 64 * 1024;
const ROUNDS = 5;

const line = (at: number, value: string) =>
  `2026-11-26T14:30:00.${String(at % 1000).padStart(3, "0")}Z INFO request ${at} of /orders/${at * 7} took ${at % 97} ms ${value}\n`;

function textOf(value: string, every: number): Buffer {
  const lines = Array.from({ length: 20_000 }, (_, at) => line(at, at % every === 0 ? value : "and was fine"));
  return Buffer.from(lines.join(""));
}

/** Bytes in a microsecond are megabytes in a second. */
function megabytesPerSecond(text: Buffer, values: readonly string[]): number {
  const redactor = createRedactor(machinesOf(values));
  let done = 0;
  let shown = 0;
  const began = process.cpuUsage();
  while (done < TOTAL_BYTES)
    for (let at = 0; at < text.length; at += PIECE_BYTES) {
      const piece = text.subarray(at, at + PIECE_BYTES);
      shown += redactor.push(piece).length;
      done += piece.length;
    }
  shown += redactor.end().length;
  if (shown > done) throw new Error("what is masked must not be longer than it was");
  const { user, system } = process.cpuUsage(began);
  return done / (user + system);
}

const median = (numbers: readonly number[]) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? Number.NaN;

const secrets = Array.from({ length: 8 }, () => randomBytes(24).toString("base64url"));
const key = `-----BEGIN PRIVATE KEY-----\n${(
  randomBytes(1_200)
    .toString("base64")
    .match(/.{1,64}/g) ?? []
).join("\n")}\n`;
const [first = ""] = secrets;

console.log(`${cpus()[0]?.model}, Node ${process.version}\n`);
console.log("| secrets | a value in every | MB a CPU second, median of 5 | range |\n| --- | --: | --: | --: |");
for (const [name, values] of Object.entries({
  "1 token": [first],
  "8 tokens": secrets,
  "8 tokens and a key": [...secrets, key],
}))
  for (const every of [Number.POSITIVE_INFINITY, 10]) {
    const text = textOf(first, every);
    const rates = Array.from({ length: ROUNDS }, () => Math.round(megabytesPerSecond(text, values)));
    console.log(
      `| ${name} | ${every === 10 ? "10th line" : "–"} | ${median(rates)} | ${Math.min(...rates)}–${Math.max(...rates)} |`,
    );
  }
const began = process.cpuUsage();
machinesOf([
  randomBytes(48 * 1024)
    .toString("base64")
    .slice(0, 64 * 1024),
]);
console.log(`\nThe largest value, 64 KiB: ready after ${Math.round(process.cpuUsage(began).user / 1000)} ms of CPU.`);
