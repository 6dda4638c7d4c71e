/** One query of a panel, and how its lines are called. */
type Query = readonly [expr: string, legend: string];

interface PanelInit {
  readonly title: string;
  readonly unit: string;
  readonly queries: readonly Query[];
  readonly kind?: "timeseries" | "stat";
}

// biome-ignore lint/suspicious/noTemplateCurlyInString: a variable of Grafana.
const SOURCE = { type: "prometheus", uid: "${source}" };
const Q = 'queue=~"$queue"';
const share = (q: number, name: string, by = "le"): string =>
  `histogram_quantile(${q}, sum by (${by}) (rate(${name}_bucket{${Q}}[$__rate_interval])))`;

const PANELS: readonly PanelInit[] = [
  { title: "Ready", unit: "short", kind: "stat", queries: [[`sum(tss_tasks{${Q},state="ready"})`, "ready"]] },
  { title: "Running", unit: "short", kind: "stat", queries: [[`sum(tss_tasks{${Q},state="running"})`, "running"]] },
  {
    title: "Oldest ready",
    unit: "s",
    kind: "stat",
    queries: [[`max(tss_queue_oldest_ready_age_seconds{${Q}})`, "age"]],
  },
  { title: "Slots free", unit: "short", kind: "stat", queries: [['sum(tss_worker_slots{kind="free"})', "free"]] },
  {
    title: "In and out",
    unit: "ops",
    queries: [
      [`sum(rate(tss_tasks_submitted_total{${Q}}[$__rate_interval]))`, "submitted"],
      [`sum by (outcome) (rate(tss_tasks_finished_total{${Q}}[$__rate_interval]))`, "{{outcome}}"],
    ],
  },
  {
    title: "Backlog by queue",
    unit: "short",
    queries: [[`sum by (queue) (tss_tasks{${Q},state="ready"})`, "{{queue}}"]],
  },
  {
    title: "Wait: ready to start",
    unit: "s",
    queries: [
      [share(0.5, "tss_schedule_to_start_seconds"), "p50"],
      [share(0.95, "tss_schedule_to_start_seconds"), "p95"],
      [share(0.99, "tss_schedule_to_start_seconds"), "p99"],
    ],
  },
  {
    title: "Run time p95 by type",
    unit: "s",
    queries: [[share(0.95, "tss_run_seconds", "le, type"), "{{type}}"]],
  },
  {
    title: "Failed share by queue",
    unit: "percentunit",
    queries: [
      [
        `sum by (queue) (rate(tss_tasks_finished_total{${Q},outcome="failed"}[$__rate_interval])) / sum by (queue) (rate(tss_tasks_finished_total{${Q}}[$__rate_interval]))`,
        "{{queue}}",
      ],
    ],
  },
  {
    title: "What waits, and for what",
    unit: "short",
    queries: [[`sum by (reason) (tss_blocked_tasks{${Q}})`, "{{reason}}"]],
  },
  {
    title: "Workers",
    unit: "short",
    queries: [["sum by (pool, state) (tss_workers)", "{{pool}} {{state}}"]],
  },
  {
    title: "Slots in use",
    unit: "percentunit",
    queries: [['sum by (pool) (tss_worker_slots{kind="used"}) / sum by (pool) (tss_worker_slots)', "{{pool}}"]],
  },
  {
    title: "Store: length of a commit",
    unit: "s",
    queries: [
      ['histogram_quantile(0.5, sum by (le) (rate(tss_store_op_seconds_bucket{op="flush"}[$__rate_interval])))', "p50"],
      [
        'histogram_quantile(0.99, sum by (le) (rate(tss_store_op_seconds_bucket{op="flush"}[$__rate_interval])))',
        "p99",
      ],
    ],
  },
  {
    title: "REST: requests by status",
    unit: "reqps",
    queries: [["sum by (status) (rate(tss_http_requests_total[$__rate_interval]))", "{{status}}"]],
  },
  {
    title: "Memory of the processes",
    unit: "bytes",
    queries: [
      ["process_resident_memory_bytes * on (instance) group_left (part) tss_build_info", "{{part}} {{instance}}"],
    ],
  },
  {
    title: "Event loop: longest delay",
    unit: "s",
    queries: [
      ["nodejs_eventloop_lag_p99_seconds * on (instance) group_left (part) tss_build_info", "{{part}} {{instance}}"],
    ],
  },
];

const COLUMNS = 24;

/** deploy/monitoring/grafana-board.json: four numbers, then two charts a row. */
export function boardText(): string {
  let [x, y] = [0, 0];
  const panels = PANELS.map(({ title, unit, queries, kind = "timeseries" }, index) => {
    const [w, h] = kind === "stat" ? [6, 4] : [12, 8];
    const gridPos = { x, y, w, h };
    x += w;
    if (x >= COLUMNS) [x, y] = [0, y + h];
    return {
      id: index + 1,
      title,
      type: kind,
      datasource: SOURCE,
      gridPos,
      fieldConfig: { defaults: { unit, min: 0 }, overrides: [] },
      targets: queries.map(([expr, legendFormat], number) => ({
        refId: String.fromCharCode(65 + number),
        datasource: SOURCE,
        expr,
        legendFormat,
      })),
    };
  });
  const variables = [
    { name: "source", label: "Prometheus", type: "datasource", query: "prometheus" },
    {
      ...{ name: "queue", label: "Queue", type: "query", datasource: SOURCE, refresh: 2, sort: 1 },
      ...{ query: "label_values(tss_tasks, queue)", includeAll: true, multi: true, allValue: ".*" },
    },
  ];
  const board = {
    ...{ uid: "tss-overview", title: "TSS", tags: ["tss"], schemaVersion: 39, timezone: "browser", refresh: "10s" },
    time: { from: "now-1h", to: "now" },
    templating: { list: variables },
    panels,
  };
  return `${JSON.stringify(board, null, 2)}\n`;
}
