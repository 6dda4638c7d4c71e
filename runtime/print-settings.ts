import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { LIMITS } from "../proto/limits.ts";
import { SETTINGS } from "./settings-table.ts";

/** Files that are written from tables in code. `node runtime/print-settings.ts` writes them; a test holds them current. */
const root = join(import.meta.dirname, "..");

export const WRITTEN: Readonly<Record<string, () => string>> = {
  ".env.example": () =>
    `# Settings of TSS with their defaults. Copy to .env and change what you need; the environment goes before it.\n${entries()
      .map(([name, { meaning, fallback, parse }]) => `\n# ${meaning}\n#${name}=${shown(fallback, parse)}\n`)
      .join("")}`,
  "docs/configuration.md": () =>
    `# Configuration\n\nSettings come from the environment and from \`.env\` in the working directory, the environment first. An unknown \`TSS_*\` name or a bad\nvalue is refused at start, all problems at once. Durations are \`500ms\`, \`15s\`, \`2h\`, \`7d\`; sizes \`64KiB\`, \`32MiB\`; lists have commas.\n\n| name | default | meaning |\n| --- | --- | --- |\n${entries()
      .map(
        ([name, { meaning, fallback, parse }]) =>
          `| \`${name}\` | ${fallback === undefined ? "–" : `\`${shown(fallback, parse)}\``} | ${meaning} |\n`,
      )
      .join(
        "",
      )}\nGateway, coordinator and agents send traces when \`OTEL_EXPORTER_OTLP_ENDPOINT\` is set ([operating](operating.md)); it and the other \`OTEL_*\`\nnames are those of OpenTelemetry and are read from the environment, not from \`.env\`.\n`,
  "docs/limits.md": () =>
    `# Limits\n\nOne table in code, [\`proto/limits.ts\`](../proto/limits.ts), feeds the checks, and this page. Sizes are bytes of UTF-8 unless the name says\ncharacters; \`Ms\` is milliseconds. A value past its limit is refused with INVALID_ARGUMENT naming the field.\n\n| limit | value |\n| --- | --- |\n${Object.entries(
      LIMITS,
    )
      .map(
        ([name, value]) =>
          `| \`${name}\` | ${value instanceof RegExp ? `\`${value.source.replaceAll("|", "\\|")}\`` : value.toLocaleString("en")} |\n`,
      )
      .join("")}`,
};

function entries() {
  return Object.entries(SETTINGS) as [
    string,
    { meaning: string; fallback: unknown; parse: (text: string) => unknown },
  ][];
}

/** A default as one would write it. */
function shown(fallback: unknown, parse: (text: string) => unknown): string {
  if (fallback === undefined) return "";
  // A duration is a number inside and has a unit outside.
  if (typeof fallback === "number" && reads(parse, `${fallback}ms`) === fallback) return durationText(fallback);
  if (Array.isArray(fallback)) return fallback.join(",");
  if (typeof fallback === "object")
    return Object.entries(fallback as object)
      .map(([key, value]) => `${key}=${value}`)
      .join(",");
  return String(fallback);
}

function reads(parse: (text: string) => unknown, text: string): unknown {
  try {
    return parse(text);
  } catch {
    return undefined;
  }
}

function durationText(ms: number): string {
  for (const [unit, size] of [
    ["d", 86_400_000],
    ["h", 3_600_000],
    ["m", 60_000],
    ["s", 1_000],
  ] as const)
    if (ms > 0 && ms % size === 0) return `${ms / size}${unit}`;
  return `${ms}ms`;
}

if (process.argv[1] === import.meta.filename)
  for (const [file, text] of Object.entries(WRITTEN)) writeFileSync(join(root, file), text());
