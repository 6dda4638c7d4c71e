import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { describe, expect, test } from "@jest/globals";

const root = join(import.meta.dirname, "..");

/** Which room may import which. A room is the longest prefix that fits. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  proto: ["proto"],
  runtime: ["runtime", "proto"],
  "coordinator/kernel": ["coordinator/kernel", "proto", "runtime"],
  "coordinator/ports": ["coordinator/ports", "coordinator/kernel"],
  "coordinator/engine": [
    "coordinator/engine",
    "coordinator/operations",
    "coordinator/ports",
    "coordinator/kernel",
    "proto",
    "runtime",
  ],
  "coordinator/cluster": [
    "coordinator/cluster",
    "coordinator/engine",
    "coordinator/ports",
    "coordinator/kernel",
    "proto",
    "runtime",
  ],
  "coordinator/stats": [
    "coordinator/stats",
    "coordinator/engine",
    "coordinator/ports",
    "coordinator/kernel",
    "proto",
    "runtime",
  ],
  "coordinator/operations": [
    "coordinator/operations",
    "coordinator/stats",
    "coordinator/engine",
    "coordinator/ports",
    "coordinator/kernel",
    "proto",
    "runtime",
  ],
  "coordinator/api": ["coordinator/api", "coordinator/operations", "coordinator/kernel", "proto", "runtime"],
  "coordinator/plugins/store-postgres": [
    "coordinator/plugins/store-postgres",
    "coordinator/ports",
    "coordinator/kernel",
    "runtime",
    "proto",
  ],
  "coordinator/plugins/store-sqlite": [
    "coordinator/plugins/store-sqlite",
    "coordinator/ports",
    "coordinator/kernel",
    "runtime",
    "proto",
  ],
  "coordinator/plugins/blobs-directory": [
    "coordinator/plugins/blobs-directory",
    "coordinator/ports",
    "coordinator/kernel",
    "runtime",
  ],
  "coordinator/plugins/leases-redis": [
    "coordinator/plugins/leases-redis",
    "coordinator/ports",
    "coordinator/kernel",
    "runtime",
    "proto",
  ],
  // Coordinators call each other through the door that everybody uses.
  "coordinator/plugins/peers-grpc": [
    "coordinator/plugins/peers-grpc",
    "coordinator/operations",
    "coordinator/kernel",
    "sdk/typescript",
    "runtime",
    "proto",
  ],
  coordinator: ["coordinator", "proto", "runtime"],
  "sdk/typescript": ["sdk/typescript", "proto", "runtime/tls/fresh-files.ts"],
  "sdk/conformance": ["sdk/conformance", "sdk/typescript", "proto", "test/support"],
  "worker-agent": ["worker-agent", "sdk/typescript", "proto", "runtime"],
  gateway: ["gateway", "sdk/typescript", "proto", "runtime"],
  "gateway/dashboard": ["gateway/dashboard", "gateway/live/frames.ts", "proto"],
  cli: ["cli", "sdk/typescript", "proto", "runtime"],
  examples: ["examples", "sdk/typescript"],
  // It looks for Postgres and Redis on the machine as the tests do.
  "examples/cluster": ["examples/cluster", "sdk/typescript", "proto", "test/support"],
  deploy: ["deploy", "coordinator", "gateway", "worker-agent", "sdk/typescript", "proto", "runtime"],
};

/** Where a package may be met. */
const PACKAGES: readonly (readonly [RegExp, readonly string[]])[] = [
  [/^(pg|typeorm)(\/|$)/, ["coordinator/plugins/store-postgres", "coordinator/plugins/store-sqlite"]],
  [/^@grpc\/grpc-js$/, ["coordinator/api", "sdk/typescript"]],
  [/^(ioredis|redlock)$/, ["coordinator/plugins/leases-redis"]],
  [/^@connectrpc\//, ["gateway"]],
  [/^@oclif\//, ["cli"]],
  [/^(react|react-dom|@tanstack\/.*|uplot|vite)(\/|$)/, ["gateway/dashboard"]],
  [/^(pino|prom-client|@opentelemetry\/.*)$/, ["runtime"]],
  [/^(@peculiar\/.*|reflect-metadata)$/, ["runtime/tls"]],
];

/** Longer than 300 lines for a written reason. */
const LONG_FILES: readonly string[] = [];

const files = Object.keys(MAY_IMPORT)
  .map((room) => room.split("/")[0] as string)
  .filter((room, index, all) => all.indexOf(room) === index)
  .flatMap((room) =>
    readdirSync(join(root, room), { recursive: true, encoding: "utf8" })
      .filter((name) => /\.(tsx?|css)$/.test(name) && !/(^|\/)(gen|third_party|node_modules|dist)\//.test(name))
      .map((name) => `${room}/${name}`),
  )
  .filter((file) => !file.endsWith(".d.ts"));

function roomOf(file: string): string {
  const rooms = Object.keys(MAY_IMPORT).filter((room) => file.startsWith(`${room}/`));
  return rooms.sort((a, b) => b.length - a.length)[0] ?? "";
}

function importsOf(file: string): string[] {
  const text = readFileSync(join(root, file), "utf8");
  return [...text.matchAll(/(?:^|\s)(?:import|export)\s[^;"']*?from\s*"([^"]+)"|import\(\s*"([^"]+)"\s*\)/g)].map(
    (match) => (match[1] ?? match[2]) as string,
  );
}

describe("the rooms", () => {
  test("there are files to look at", () => expect(files.length).toBeGreaterThan(200));

  test("nothing crosses the table", () => {
    const crossings = files.flatMap((file) =>
      importsOf(file)
        .filter((name) => name.startsWith("."))
        .map((name) => relative(root, join(root, dirname(file), name)))
        .filter(
          (target) =>
            target !== "package.json" &&
            !(MAY_IMPORT[roomOf(file)] ?? []).some((room) => target === room || target.startsWith(`${room}/`)),
        )
        .map((target) => `${file} → ${target}`),
    );
    expect(crossings).toEqual([]);
  });

  test("packages stay where they belong", () => {
    const strays = files.flatMap((file) =>
      importsOf(file).flatMap((name) =>
        PACKAGES.filter(
          ([pattern, rooms]) => pattern.test(name) && !rooms.some((room) => file.startsWith(`${room}/`)),
        ).map(() => `${file} → ${name}`),
      ),
    );
    expect(strays).toEqual([]);
  });

  test("files are short", () => {
    const lengths = files.map((file) => [file, readFileSync(join(root, file), "utf8").split("\n").length - 1] as const);
    expect(lengths.filter(([file, lines]) => lines > 300 && !LONG_FILES.includes(file))).toEqual([]);
    const sorted = lengths.map(([, lines]) => lines).sort((a, b) => a - b);
    expect(sorted[Math.floor(sorted.length / 2)]).toBeLessThan(100);
  });

  test("names are exported, and only oclif's commands by default", () => {
    const defaults = files.filter(
      (file) =>
        !file.startsWith("cli/commands/") &&
        !file.endsWith("/vite.config.ts") &&
        /^export default /m.test(readFileSync(join(root, file), "utf8")),
    );
    expect(defaults).toEqual([]);
  });
});
