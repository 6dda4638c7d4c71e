import type { System } from "./systems/system.ts";
import { stamp } from "./systems/work-log.ts";

export interface LatencyResult {
  /** Microseconds from the due time, sorted. */
  readonly ackUs: readonly number[];
  readonly startUs: readonly number[];
  /** Empty: the system does not tell. */
  readonly endUs: readonly number[];
}

const PAYLOAD = 100;
const WARM_UP = 200;

/**
 * B2: single-task submits at a fixed rate on an empty queue. Open loop: times count from when a submit was due, not
 * from when it was sent, so a system that stalls is not spared.
 */
export async function measureLatency(system: System, perSecond: number, seconds: number): Promise<LatencyResult> {
  const client = await system.client();
  await openLoop(WARM_UP, perSecond, system, client.submit);
  const result = await openLoop(perSecond * seconds, perSecond, system, client.submit);
  await client.close();
  return result;
}

async function openLoop(
  count: number,
  perSecond: number,
  system: System,
  submit: (payloads: Uint8Array[]) => Promise<void>,
): Promise<LatencyResult> {
  const worked = system.work(count, true);
  const ackUs: number[] = [];
  const acks: Promise<void>[] = [];
  const everyNs = 1e9 / perSecond;
  const from = process.hrtime.bigint();
  for (let sent = 0; sent < count; ) {
    const now = Number(process.hrtime.bigint() - from);
    for (; sent < count && sent * everyNs <= now; sent++) {
      const dueNs = from + BigInt(Math.round(sent * everyNs));
      const payload = new Uint8Array(PAYLOAD);
      stamp(payload, dueNs);
      const acked = submit([payload]).then(() => {
        ackUs.push(Number(process.hrtime.bigint() - dueNs) / 1_000);
      });
      acks.push(acked);
    }
    const untilMs = (sent * everyNs - Number(process.hrtime.bigint() - from)) / 1e6;
    // Timers of Node are a millisecond late: the last stretch is a loop over turns.
    await new Promise((resolve) => (untilMs > 2 ? setTimeout(resolve, untilMs - 2) : setImmediate(resolve)));
  }
  await Promise.all(acks);
  const { startUs, endUs } = await worked;
  const sorted = (values: readonly number[]) => values.toSorted((a, b) => a - b);
  return { ackUs: sorted(ackUs), startUs: sorted(startUs), endUs: sorted(endUs) };
}
