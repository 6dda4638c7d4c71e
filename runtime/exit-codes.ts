/** How a long-running process ends. docs/operating.md explains. */
export const EXIT = {
  /** Told to end, and everything was put away. */
  ok: 0,
  /** It could not start; the line before says why. */
  failed: 1,
  /** An error nobody foresaw, a part that kept falling, or an end that was forced by time or a third signal. */
  broken: 70,
  /** The settings cannot be used. */
  settings: 78,
} as const;
