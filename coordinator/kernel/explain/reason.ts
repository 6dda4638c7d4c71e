/** One reason why work waits, runs on or ended as it did; `Explanation` of the contract in plain values. */
export interface Reason {
  readonly code: string;
  readonly message: string;
  readonly action: string;
  readonly evidence: Readonly<Record<string, string>>;
  readonly command: string;
  /** Wall clock when it is expected to be over; null: unknown, or never by itself. */
  readonly expectedAt: number | null;
  /** Nothing starts until this has changed. */
  readonly blocking: boolean;
  /** Tasks of the queue it holds back; 0: not known, or it is about one task. */
  readonly tasks: number;
}

type Given = Pick<Reason, "code" | "message" | "action"> & Partial<Reason>;

export function reason(given: Given): Reason {
  return { evidence: {}, command: "", expectedAt: null, blocking: false, tasks: 0, ...given };
}

export const seconds = (ms: number): string => (ms / 1_000).toFixed(ms < 10_000 ? 3 : 0);

export const time = (ms: number): string => new Date(ms).toISOString();

/** What blocks before what slows; otherwise in the order they were found, which is that of the rules. */
export function rank(reasons: readonly Reason[]): Reason[] {
  return [...reasons.filter(({ blocking }) => blocking), ...reasons.filter(({ blocking }) => !blocking)];
}
