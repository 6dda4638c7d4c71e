import type { Submitter, System } from "./systems/system.ts";

export interface ThroughputResult {
  readonly perSecond: number;
  /** Microseconds of CPU a task, by class of processes. */
  readonly cpuUs: Readonly<Record<string, number>>;
}

const PAYLOAD = 100;

/**
 * B1: submits `count` tasks of 100 random bytes in messages of `perMessage` from several submitters at once and waits
 * until all have run and are durably ended. @throws Error when executions and tasks differ: such a run has no figure.
 */
export async function measureThroughput(
  system: System,
  options: { readonly count: number; readonly perMessage: number; readonly submitters: number },
): Promise<ThroughputResult> {
  const { count, perMessage, submitters } = options;
  const clients = await Promise.all(Array.from({ length: submitters }, () => system.client()));
  const payload = crypto.getRandomValues(new Uint8Array(PAYLOAD));
  const messages = Math.ceil(count / perMessage);
  const worked = system.work(messages * perMessage, false);
  system.cpu.start();
  const from = performance.now();
  let sent = 0;
  const lane = async (client: Submitter): Promise<void> => {
    while (sent < messages) {
      sent++;
      await client.submit(Array.from({ length: perMessage }, () => payload));
    }
  };
  await Promise.all(clients.flatMap((client) => Array.from({ length: client.window }, () => lane(client))));
  const { executed } = await worked;
  await system.drained(messages * perMessage);
  const seconds = (performance.now() - from) / 1_000;
  const cpu = system.cpu.stop();
  await Promise.all(clients.map((client) => client.close()));
  if (executed !== messages * perMessage) throw new Error(`${executed} of ${messages * perMessage} tasks ran`);
  return {
    perSecond: executed / seconds,
    cpuUs: Object.fromEntries(Object.entries(cpu).map(([name, value]) => [name, (value * 1e6) / executed])),
  };
}
