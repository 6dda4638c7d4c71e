const DATE_TIME = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})?$/i;
const CLOCK = /^(\d{1,2}):(\d{2})(?::(\d{2}))?$/;

/**
 * Milliseconds since 1970 of an ISO date and time (without a zone: local time) or of the next time the local clock shows
 * `18:00`. Undefined for any other text.
 */
export function readTime(text: string, now: number): number | undefined {
  if (DATE_TIME.test(text)) {
    const at = Date.parse(text.replace(" ", "T"));
    return Number.isNaN(at) ? undefined : at;
  }
  const clock = CLOCK.exec(text);
  if (clock === null) return undefined;
  const [hours, minutes, seconds] = [Number(clock[1]), Number(clock[2]), Number(clock[3] ?? 0)];
  if (hours > 23 || minutes > 59 || seconds > 59) return undefined;
  const at = new Date(now);
  at.setHours(hours, minutes, seconds, 0);
  if (at.getTime() < now) at.setDate(at.getDate() + 1);
  return at.getTime();
}
