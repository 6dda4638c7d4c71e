import { EXIT } from "./exit-codes.ts";
import { armFailpoints } from "./failpoint.ts";
import { createLogger, type Logger } from "./logger.ts";
import { openServiceManager, type ServiceManager } from "./service-manager.ts";
import { readSettings } from "./settings.ts";
import type { Settings } from "./settings-table.ts";
import { followSignals, type SignalSource } from "./signal-ladder.ts";
import { abortableWait, aborted } from "./wait.ts";

/** What a service is started with. */
export interface ServiceContext {
  readonly name: string;
  readonly settings: Settings;
  readonly logger: Logger;
  /** Aborted by the first signal: a start that still goes on gives up. */
  readonly stopping: AbortSignal;
}

export interface Service {
  /**
   * Takes nothing more and waits for what runs.
   * @param hurry aborted by a second signal or when TSS_DRAIN_TIMEOUT has passed: end what still runs.
   */
  drain?(hurry: AbortSignal): Promise<void>;
  /** On SIGUSR2, in place of everything else: leaves at once, and its work to the process that is started next. */
  handOver?(): Promise<void>;
  /** Puts everything away. */
  stop(): Promise<void> | void;
  /** Settles when the service has ended by itself; rejected, the process ends with code 70. */
  readonly ended?: Promise<void>;
}

/** The parts of `process` that a service meets; tests give their own. */
export interface Host extends SignalSource {
  readonly env: NodeJS.ProcessEnv;
  readonly stderr: { write(text: string): unknown };
  exit(code: number): void;
}

/** Time for the rest once a drain is over, was cut short or took too long: with the default drain, 29 s in all. */
const FINISH_MS = 4_000;
const DAY_MS = 86_400_000;

/**
 * Runs one service as the whole of a process and ends the process. The first SIGTERM or SIGINT drains it for at most
 * TSS_DRAIN_TIMEOUT and stops it; a second cuts the drain short; a third ends the process at once. SIGUSR2 hands over, where
 * the service can. An error that nobody caught is logged in one line and ends it with code 70.
 * @returns the exit code, when `exit` has been called with it.
 */
export async function runService(
  name: string,
  start: (context: ServiceContext) => Promise<Service>,
  host: Host = process as unknown as Host,
): Promise<number> {
  const { code, release } = await lead(name, start, host);
  host.exit(code);
  // Not before: a signal on the way out would change how the process is seen to have ended.
  release();
  return code;
}

interface Led {
  readonly code: number;
  /** Takes the handlers off the host. */
  release(): void;
}

async function lead(name: string, start: (context: ServiceContext) => Promise<Service>, host: Host): Promise<Led> {
  let settings: Settings;
  try {
    settings = readSettings(host.env);
    armFailpoints(settings.TSS_FAILPOINT);
  } catch (error) {
    host.stderr.write(`${name}: ${messageOf(error)}\n`);
    return { code: EXIT.settings, release() {} };
  }
  const logger = createLogger(settings.TSS_LOG_LEVEL, { service: name, pid: process.pid });
  const stopping = new AbortController();
  const hurry = new AbortController();
  const done = new AbortController();
  const forced = Promise.withResolvers<number>();
  const manager = openServiceManager(host.env, logger);
  const offSignals = followSignals(host, {
    first(signal) {
      manager.stopping("takes nothing more and finishes what runs");
      logger.info({ signal }, "the process takes nothing more and finishes what runs");
      stopping.abort();
    },
    second(signal) {
      logger.warn({ signal }, "the process ends what runs");
      stopping.abort();
      hurry.abort();
    },
    third: () => forced.resolve(EXIT.broken),
  });
  const offErrors = followErrors(host, logger, () => forced.resolve(EXIT.broken));
  void aborted(stopping.signal)
    .then(() => abortableWait(settings.TSS_DRAIN_TIMEOUT, hurry.signal))
    .then(() => hurry.abort());
  void aborted(hurry.signal)
    .then(() => abortableWait(FINISH_MS, done.signal))
    .then((late) => {
      if (!late) return;
      logger.error({}, "the process did not end in time and is ended as it is");
      forced.resolve(EXIT.broken);
    });
  // Between two connections nothing else may keep the process alive.
  const alive = setInterval(() => undefined, DAY_MS);
  const context = { name, settings, logger, stopping: stopping.signal };
  const code = await Promise.race([forced.promise, live(context, start, hurry, host, manager)]);
  clearInterval(alive);
  manager.close();
  done.abort();
  hurry.abort();
  const release = (): void => {
    offSignals();
    offErrors();
  };
  return { code, release };
}

/** From start to stop, in good order. */
async function live(
  context: ServiceContext,
  start: (context: ServiceContext) => Promise<Service>,
  hurry: AbortController,
  host: Host,
  manager: ServiceManager,
): Promise<number> {
  const { name, logger, stopping } = context;
  const succession = followSuccession(host);
  let service: Service;
  try {
    service = await start(context);
  } catch (error) {
    succession.close();
    if (stopping.aborted) return EXIT.ok;
    host.stderr.write(`${name}: ${messageOf(error)}\n`);
    logger.debug({ stack: (error as Error).stack }, "it did not start");
    return EXIT.failed;
  }
  if (!stopping.aborted) manager.ready("does its work");
  let code: number = EXIT.ok;
  const fell = (error: unknown): void => {
    code = EXIT.broken;
    logger.error({ error: messageOf(error) }, "the service ended with an error");
  };
  if (service.handOver === undefined) succession.close();
  const ended = (service.ended ?? new Promise<void>(() => {})).catch(fell);
  await Promise.race([aborted(stopping), succession.asked, ended]);
  if (succession.isAsked() && service.handOver !== undefined) {
    manager.stopping("leaves its work to the next process");
    logger.info({}, "the process leaves its work to the next one");
    await service.handOver().catch(fell);
    succession.close();
    return code;
  }
  try {
    if (stopping.aborted) await service.drain?.(hurry.signal);
  } catch (error) {
    fell(error);
  }
  hurry.abort();
  try {
    await service.stop();
  } catch (error) {
    fell(error);
  }
  succession.close();
  return code;
}

/** Hears the signal that asks for a hand-over, until it is clear that there can be none. */
function followSuccession(host: Host) {
  const asked = Promise.withResolvers<void>();
  let isAsked = false;
  const heard = (): void => {
    isAsked = true;
    asked.resolve();
  };
  host.on("SIGUSR2", heard);
  return { asked: asked.promise, isAsked: () => isAsked, close: () => void host.off("SIGUSR2", heard) };
}

/** After an error that nobody caught, nothing the process knows can be trusted: it says so and ends. */
function followErrors(host: Host, logger: Logger, end: () => void): () => void {
  const heard = (error: unknown): void => {
    logger.error({ error: messageOf(error), stack: (error as Error)?.stack }, "an error that nobody caught");
    end();
  };
  host.on("uncaughtException", heard);
  host.on("unhandledRejection", heard);
  return () => {
    host.off("uncaughtException", heard);
    host.off("unhandledRejection", heard);
  };
}

/** One sentence, whatever was thrown. */
function messageOf(error: unknown): string {
  return typeof (error as Error)?.message === "string" ? (error as Error).message : String(error);
}
