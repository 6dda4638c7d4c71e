import type { SystemView } from "../stats/view.ts";

export type SeverityName = "info" | "warning" | "critical";

/** What a rule has found at one moment. */
export interface Finding {
  /** "queue/NAME", "pool/NAME", "type/NAME" or "system". */
  readonly subject: string;
  readonly summary: string;
  readonly action: string;
  /** A command line; "": none. */
  readonly command: string;
  readonly evidence: Readonly<Record<string, string>>;
  /** Among findings of one severity: larger is told first. */
  readonly weight: number;
}

/** A kind of problem: found in the view of a second, and by Prometheus in the metrics, with the same thresholds. */
export interface Rule {
  readonly code: string;
  readonly severity: SeverityName;
  /** How long it must hold before it is a problem. */
  readonly forMs: number;
  readonly find: (view: SystemView) => readonly Finding[];
  readonly alert: {
    readonly name: string;
    /** PromQL. */
    readonly expr: string;
    /** One sentence with Prometheus' templates. */
    readonly summary: string;
  };
}

/** Every threshold of the rules and of the alerts. Durations are seconds, shares 0–1. */
export const THRESHOLDS = {
  noWorkerSeconds: 60,
  storeDownSeconds: 5,
  storeSlowP99Seconds: 0.25,
  storeSlowFlushes: 20,
  heartbeatSeconds: 10,
  disconnectedSeconds: 10,
  saturatedShare: 0.95,
  saturatedAgeSeconds: 30,
  saturatedSeconds: 120,
  oldSeconds: 300,
  boundAgeSeconds: 15,
  boundSeconds: 30,
  retryShare: 0.3,
  retryStarts: 20,
  failureShare: 0.05,
  failingShare: 0.5,
  failureEnds: 20,
  lostAttempts: 3,
  pausedSeconds: 60,
  slowerTimes: 2,
  slowerRuns: 50,
} as const;
