import { type GuardedChild, startGuarded } from "../../support/guarded-child.ts";
import { isRunning } from "../../support/is-running.ts";
import type { RestartableServer } from "../../support/postgres-server.ts";
import { until } from "../../support/until.ts";

/** A server of this run alone that can be killed, stopped and started again at its port. */
export interface Restartable {
  readonly url: string;
  readonly port: number;
  pid(): number;
  /** Kills it and waits until it is gone. */
  kill(signal: "SIGKILL" | "SIGQUIT"): Promise<void>;
  start(): Promise<void>;
  end(): Promise<void>;
}

export function restartable({ url, process: first, command }: RestartableServer): Restartable {
  const started: GuardedChild[] = [first];
  const pid = () => (started.at(-1) as GuardedChild).pid;
  return {
    url,
    port: Number(new URL(url).port),
    pid,
    async kill(signal) {
      process.kill(pid(), signal);
      await until("the server to be gone", () => !isRunning(pid()));
    },
    async start() {
      started.push(await startGuarded(command));
    },
    async end() {
      // The first one's guard removes the data.
      for (const child of started.toReversed()) {
        if (isRunning(child.pid)) process.kill(child.pid, "SIGCONT");
        await child.stop();
      }
    },
  };
}
