import { type AgentOptions, startAgent } from "./agent.ts";
import { followSignals, type SignalSource } from "./signals.ts";

/** What a supervisor sees of an agent that was told three times to end. */
export const EXIT_FORCED = 70;

const DAY_MS = 86_400_000;

/**
 * An agent as the whole of a process: starts it and follows signals until it has left.
 * @param exit ends the process at once, whatever still runs; the next agent of the directory ends that.
 * @throws TssError FAILED_PRECONDITION when another agent has the directory.
 */
export async function runAgent(
  options: AgentOptions,
  source: SignalSource,
  exit: (code: number) => void,
): Promise<void> {
  const agent = await startAgent(options);
  const off = followSignals(source, agent, options.logger, () => exit(EXIT_FORCED));
  // Between two connections nothing else may keep the process alive.
  const alive = setInterval(() => undefined, DAY_MS);
  options.logger.info({ agent: agent.name, directory: options.settings.TSS_WORKER_DIR }, "the agent offers its slots");
  await agent.left;
  clearInterval(alive);
  off();
}
