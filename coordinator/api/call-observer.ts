/** What the composition counts of calls, e.g. as Prometheus metrics. Must not throw. */
export interface CallObserver {
  /** @param method `package.Service/Method` */
  started?(method: string): void;
  /** @param code canonical number of the status @param ms from headers to status */
  ended?(method: string, code: number, ms: number): void;
  /** @param connections open now */
  connections?(connections: number): void;
}
