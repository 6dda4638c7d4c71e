import { Counter, Gauge } from "prom-client";
import type { Metrics } from "./metrics.ts";

/** What a gateway's live streams come to now. */
export interface LiveCounts {
  readonly clients: number;
  readonly topics: number;
}

/** Gauges of the dashboard's live streams; what they count is read when somebody asks. */
export function reportLive({ registry }: Metrics, counts: () => LiveCounts): { dropped(): void } {
  new Gauge({
    name: "tss_live_clients",
    help: "Browsers that listen to this gateway's live stream.",
    registers: [registry],
    collect() {
      this.set(counts().clients);
    },
  });
  new Gauge({
    name: "tss_live_topics",
    help: "Topics this gateway follows for them, each once.",
    registers: [registry],
    collect() {
      this.set(counts().topics);
    },
  });
  const dropped = new Counter({
    name: "tss_live_dropped_total",
    help: "Stretches of output left out because a browser was slow; it reads them itself.",
    registers: [registry],
  });
  return { dropped: () => dropped.inc() };
}
