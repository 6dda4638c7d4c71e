import { join } from "node:path";
import { createClient } from "../../sdk/typescript/index.ts";
import { startCoordinatorProcess } from "./crash-system.ts";
import { ROOT, runTss, startProgram, temporaryFolder } from "./run-tss.ts";
import { freshSqlite } from "./sqlite-database.ts";

export interface AgentOptions {
  /** Absent: the one that all have who name none. */
  readonly directory?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * A coordinator that can be killed and started again at its address, and agents that can be killed.
 * @param closers what has to be closed is added to them.
 */
export async function startAgentSystem(closers: (() => unknown)[], settings: Readonly<Record<string, string>> = {}) {
  const url = await freshSqlite();
  const start = async (listen: string) => {
    const env = { TSS_DATABASE_URL: url, TSS_COORDINATOR_LISTEN: listen, ...settings };
    const coordinator = await startCoordinatorProcess(env);
    closers.push(() => coordinator.stop("SIGTERM"));
    return coordinator;
  };
  const first = await start("127.0.0.1:0");
  const env = { TSS_COORDINATOR: first.address, TSS_API_KEY: first.key ?? "" };
  const client = createClient({ address: first.address, apiKey: first.key ?? "" });
  closers.push(() => client.close());
  const usual = temporaryFolder();
  const tss = (...args: string[]) => runTss(args, { env });
  return {
    tss,
    client,
    startAgent({ directory = usual, env: more = {} }: AgentOptions = {}) {
      const agent = startProgram(process.execPath, [join(ROOT, "bin/tss-agent.cjs")], {
        env: { ...env, TSS_WORKER_DIR: directory, ...more },
      });
      closers.push(async () => {
        agent.child.kill("SIGQUIT");
        await agent.finished;
      });
      const end = async (signal: NodeJS.Signals) => {
        agent.child.kill(signal);
        return await agent.finished;
      };
      return { end, kill: () => end("SIGKILL"), finished: agent.finished };
    },
    killCoordinator: () => first.stop("SIGKILL"),
    startCoordinator: () => start(first.address),
    /** @param more arguments of `tss task create`. */
    async create(command: string, ...more: string[]) {
      return JSON.parse((await tss("task", "create", "-c", command, "--json", ...more)).stdout).id as string;
    },
    logs: async (id: string) => (await tss("task", "logs", id)).stdout,
    status: async (id: string) => JSON.parse((await tss("task", "status", id, "--json")).stdout),
  };
}
