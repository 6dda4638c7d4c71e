import { collectDefaultMetrics, Gauge, Registry } from "prom-client";

/** What one process counts. */
export interface Metrics {
  /** For the helpers beside this file; nothing else needs prom-client. */
  readonly registry: Registry;
  /** Everything in the text format of Prometheus. */
  text(): Promise<string>;
  readonly contentType: string;
}

/**
 * A registry for one process: its build, and what Node says of memory, CPU, garbage collection and the event loop.
 * @param part coordinator, gateway, agent or dev.
 */
export function createMetrics(part: string, version: string): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  // Sums of others, and gauges with the ending of counters.
  for (const kind of ["handles", "requests", "resources"]) registry.removeSingleMetric(`nodejs_active_${kind}_total`);
  new Gauge({
    name: "tss_build_info",
    help: "1; the labels say what runs.",
    labelNames: ["part", "version"],
    registers: [registry],
  }).set({ part, version }, 1);
  return { registry, text: () => registry.metrics(), contentType: registry.contentType };
}
