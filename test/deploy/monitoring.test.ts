import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { RULES } from "../../coordinator/kernel/problems/table.ts";
import { alertGroups } from "../../deploy/monitoring/alert-rules.ts";
import { MADE } from "../../deploy/monitoring/write-monitoring.ts";
import { findFolder, install } from "../support/binaries.ts";
import { type RunningPair, startPair } from "../support/coordinator-and-gateway.ts";
import { ROOT, temporaryFolder } from "../support/run-tss.ts";
import { SCENARIOS, type Scenario } from "./alert-scenarios.ts";

const folder = join(ROOT, "deploy/monitoring");
let pair: RunningPair;

beforeAll(async () => {
  if (findFolder(["promtool"]) === undefined) install(["promtool"]);
  pair = await startPair();
});
afterAll(async () => pair?.stop());

function promtool(args: readonly string[], input = ""): { status: number | null; output: string } {
  const program = join(findFolder(["promtool"]) ?? "", "promtool");
  const { status, stdout, stderr } = spawnSync(program, args, { input, encoding: "utf8", timeout: 50_000 });
  return { status, output: `${stdout}${stderr}` };
}

test.each(Object.entries(MADE))("%s is what the code says (npm run docs)", (file, text) => {
  expect(readFileSync(join(folder, file), "utf8")).toBe(text());
});

test("promtool finds nothing wrong with the rules and the configuration", () => {
  expect(promtool(["check", "rules", "--lint=all", "--lint-fatal", join(folder, "alerts.yaml")])).toMatchObject({
    status: 0,
  });
  expect(promtool(["check", "config", join(folder, "prometheus.yaml")])).toMatchObject({ status: 0 });
});

test("every problem of the dashboard is an alert, and every alert has a scenario", () => {
  const alerts = Object.values(alertGroups()).flat();
  expect(alerts.map(({ alert }) => alert).sort()).toEqual(SCENARIOS.map(({ alert }) => alert).sort());
  for (const { code, severity, alert } of RULES)
    expect(alerts.find((one) => one.alert === alert.name)).toMatchObject({ labels: { code, severity } });
});

test("each alert fires beyond its thresholds, after its time, and not at them", () => {
  // What is seen over hours is looked at by the minute.
  const files = ["5s", "1m"].map((interval) => {
    const file = join(temporaryFolder(), "test.json");
    const tests = SCENARIOS.filter((one) => (one.interval ?? "5s") === interval).flatMap((scenario) => [
      groupOf(scenario, scenario.beyond, scenario.at, true),
      ...(scenario.notAt === undefined ? [] : [groupOf(scenario, scenario.beyond, scenario.notAt, false)]),
      ...scenario.within.map((series) => groupOf(scenario, series, scenario.at, false)),
    ]);
    const rules = [join(folder, "alerts.yaml")];
    writeFileSync(file, JSON.stringify({ rule_files: rules, evaluation_interval: interval, tests }));
    return file;
  });
  expect(promtool(["test", "rules", ...files])).toEqual({ status: 0, output: expect.stringContaining("SUCCESS") });
});

function groupOf({ alert, labels, interval = "5s" }: Scenario, series: Scenario["beyond"], at: string, fires: boolean) {
  const rule = Object.values(alertGroups())
    .flat()
    .find((one) => one.alert === alert);
  const all = { ...rule?.labels, ...labels, alertname: alert, alertstate: "firing" };
  const text = Object.entries(all).map(([name, value]) => `${name}="${value}"`);
  return {
    name: `${alert} ${fires ? "fires" : "does not fire"} at ${at}`,
    interval,
    input_series: series.map(([name, values]) => ({ series: name, values })),
    promql_expr_test: [
      {
        expr: `ALERTS{alertname="${alert}",alertstate="firing"}`,
        eval_time: at,
        exp_samples: fires ? [{ labels: `ALERTS{${text.join(",")}}`, value: 1 }] : [],
      },
    ],
  };
}

test("Prometheus reads the metrics of each process", async () => {
  for (const address of pair.metrics) {
    const response = await fetch(`http://${address}/metrics`);
    const text = await response.text();
    expect(promtool(["check", "metrics"], text)).toEqual({ status: 0, output: "" });
    expect(text).toContain("tss_build_info");
  }
});

test("the gateway counts requests by route and status", async () => {
  const ask = async (path: string) => (await fetch(`${pair.gateway}${path}`)).status;
  expect([await ask("/healthz"), await ask("/task/query/none"), await ask("/nowhere")]).toEqual([200, 401, 404]);
  const text = await (await fetch(`http://${pair.metrics[1]}/metrics`)).text();
  for (const labels of [
    'method="GET",route="/healthz",status="200"',
    'method="GET",route="/task/query/{id}",status="401"',
    'method="GET",route="none",status="404"',
  ])
    expect(text).toContain(`tss_http_requests_total{${labels}} 1`);
});

test("alerts and the board ask for metrics that there are, in words that Prometheus understands", async () => {
  const texts = await Promise.all(
    pair.metrics.map(async (address) => (await fetch(`http://${address}/metrics`)).text()),
  );
  const known = new Set(
    [...texts.join("\n").matchAll(/^# TYPE (\S+) (\S+)/gm)].flatMap(([, name = "", kind]) =>
      kind === "histogram" ? [`${name}_bucket`, `${name}_count`, `${name}_sum`] : [name],
    ),
  );
  const board = JSON.parse(readFileSync(join(folder, "grafana-board.json"), "utf8")) as {
    readonly panels: readonly { readonly id: number; readonly targets: readonly { readonly expr: string }[] }[];
  };
  const queries = board.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
  const alerts = Object.values(alertGroups())
    .flat()
    .map(({ expr }) => expr);
  const asked = [...queries, ...alerts].join("\n").match(/\b(tss|process|nodejs)_\w+/g) ?? [];
  expect(asked.length).toBeGreaterThan(30);
  expect(asked.filter((name) => !known.has(name))).toEqual([]);
  expect(new Set(board.panels.map(({ id }) => id)).size).toBe(board.panels.length);
  const file = join(temporaryFolder(), "board.json");
  const rules = queries.map((expr, number) => ({
    record: `query:${number}`,
    expr: expr.replaceAll("$__rate_interval", "1m").replaceAll("$queue", "mail|images"),
  }));
  writeFileSync(file, JSON.stringify({ groups: [{ name: "board", rules }] }));
  expect(promtool(["check", "rules", file])).toMatchObject({ status: 0 });
});
