import { RULES } from "../../coordinator/kernel/problems/table.ts";

/** A rule of an alerts file of Prometheus. */
interface AlertRule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** What a coordinator that is not there cannot say of itself. */
const PROCESSES: readonly AlertRule[] = [
  {
    alert: "TssCoordinatorAway",
    expr: "absent(tss_store_up)",
    for: "1m",
    labels: { severity: "critical", code: "coordinator_away" },
    annotations: { summary: "No coordinator of TSS can be scraped: nothing starts or ends." },
  },
  {
    alert: "TssVersionsMixed",
    expr: "count(count by (version) (tss_build_info)) > 1",
    for: "1h",
    labels: { severity: "info", code: "versions_mixed" },
    annotations: {
      summary: "Processes of TSS have run in {{ $value }} versions for an hour: an upgrade has not been finished.",
    },
  },
];

/** The problems that the coordinator tells of, as alerts with the same thresholds, and what it cannot tell of. */
export function alertGroups(): Readonly<Record<string, readonly AlertRule[]>> {
  const problems = RULES.map(({ code, severity, forMs, alert }) => ({
    alert: alert.name,
    expr: alert.expr,
    ...(forMs === 0 ? {} : { for: `${forMs / 1_000}s` }),
    labels: { severity, code },
    annotations: { summary: alert.summary },
  }));
  return { "tss-problems": problems, "tss-processes": PROCESSES };
}

/** deploy/monitoring/alerts.yaml. */
export function alertsText(): string {
  const text = (value: string): string => JSON.stringify(value);
  const pairs = (of: Readonly<Record<string, string>>): string[] =>
    Object.entries(of).map(([name, value]) => `          ${name}: ${text(value)}`);
  const groups = Object.entries(alertGroups()).map(([name, rules]) => [
    `  - name: ${name}`,
    "    rules:",
    ...rules.flatMap((rule) => [
      `      - alert: ${rule.alert}`,
      `        expr: ${text(rule.expr)}`,
      ...(rule.for === undefined ? [] : [`        for: ${rule.for}`]),
      "        labels:",
      ...pairs(rule.labels),
      "        annotations:",
      ...pairs(rule.annotations),
    ]),
  ]);
  return [
    "# Written by `npm run docs` from coordinator/kernel/problems: the problems of the dashboard, with the same thresholds.",
    "groups:",
    ...groups.flat(),
    "",
  ].join("\n");
}
