import { create } from "@bufbuild/protobuf";
import { type Duration, DurationSchema, type Timestamp, TimestampSchema } from "@bufbuild/protobuf/wkt";

/** Milliseconds of a protobuf Duration; fractions of one are dropped. */
export function durationMs(duration: Duration): number {
  return Number(duration.seconds) * 1_000 + Math.trunc(duration.nanos / 1_000_000);
}

export function toDuration(ms: number): Duration {
  const seconds = Math.trunc(ms / 1_000);
  return create(DurationSchema, { seconds: BigInt(seconds), nanos: Math.round((ms - seconds * 1_000) * 1_000_000) });
}

/** Milliseconds since 1970. */
export function timestampMs(timestamp: Timestamp): number {
  return Number(timestamp.seconds) * 1_000 + Math.trunc(timestamp.nanos / 1_000_000);
}

/** Undefined for 0, which stands for "never" in rows. */
export function toTimestamp(ms: number): Timestamp | undefined {
  if (ms === 0) return undefined;
  const seconds = Math.floor(ms / 1_000);
  return create(TimestampSchema, { seconds: BigInt(seconds), nanos: Math.round((ms - seconds * 1_000) * 1_000_000) });
}
