import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { SETTINGS } from "../../runtime/settings-table.ts";
import { ROOT } from "../support/run-tss.ts";

// There is no Docker and no Kubernetes where the tests run: that the files are what those know, their schemas say
// (schemas.long.test.ts); that they fit this program, the tests here.
const FILES = [
  "docker/Dockerfile",
  "docker/compose.yaml",
  "kubernetes/coordinator.yaml",
  "kubernetes/gateway.yaml",
  "kubernetes/agent.yaml",
  "monitoring/prometheus.yaml",
];
const read = (file: string): string => readFileSync(join(ROOT, "deploy", file), "utf8");

test.each(FILES)("%s names settings that there are, with values that they take", (file) => {
  const text = read(file).replace(/^\s*#.*$/gm, "");
  for (const [name] of text.matchAll(/TSS_\w+/g)) expect(Object.keys(SETTINGS)).toContain(name);
  const given = text.replace(/\$\{[^}]*\}/g, "").matchAll(/(TSS_\w+)(?:, value)?[:=] ?"?([^"\s}$]+)"?(?=[\s}]|$)/g);
  for (const [, name = "", value = ""] of given) {
    if (value === "") continue;
    const { parse } = SETTINGS[name as keyof typeof SETTINGS];
    expect(() => parse(value)).not.toThrow();
  }
});

test("the Dockerfile copies what there is after a build, and the .dockerignore leaves it there", () => {
  const dockerfile = read("docker/Dockerfile");
  const copied = [...dockerfile.matchAll(/^COPY --from=build (.+) \S+$/gm)].flatMap(([, all = ""]) => all.split(" "));
  const kept = copied.map((path) => path.replace("/src/", "")).filter((path) => !path.startsWith("/out"));
  expect(kept.sort()).toEqual(["LICENSE", "bin", "dist", "node_modules", "package.json"]);
  const ignored = readFileSync(join(ROOT, ".dockerignore"), "utf8").trim().split("\n");
  for (const entry of ["deploy", "proto", "runtime", "package-lock.json"]) {
    expect(existsSync(join(ROOT, entry))).toBe(true);
    expect(ignored).not.toContain(entry);
  }
  const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { scripts: object };
  for (const [, script = ""] of dockerfile.matchAll(/npm run ([\w:]+)/g))
    expect(Object.keys(scripts)).toContain(script);
});

test("Kubernetes gives a drain the time that it takes", () => {
  const seconds = (text: string, pattern: RegExp): number => Number(pattern.exec(text)?.[1]);
  const grace = /terminationGracePeriodSeconds: (\d+)/;
  expect(seconds(read("kubernetes/agent.yaml"), grace)).toBeGreaterThanOrEqual(
    seconds(read("kubernetes/agent.yaml"), /TSS_DRAIN_TIMEOUT, value: (\d+)m/) * 60 + 4,
  );
  const usual = SETTINGS.TSS_DRAIN_TIMEOUT.fallback / 1_000 + 4;
  for (const name of ["coordinator", "gateway"])
    expect(seconds(read(`kubernetes/${name}.yaml`), grace)).toBeGreaterThanOrEqual(usual);
});
