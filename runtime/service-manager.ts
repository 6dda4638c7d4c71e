import { spawn } from "node:child_process";
import type { Logger } from "./logger.ts";

/** What systemd hears of a service of `Type=notify`. Without one every method does nothing. */
export interface ServiceManager {
  /** The service does its work; from now on it is told in time that the event loop still turns. @param status one line for people. */
  ready(status: string): void;
  /** The service takes nothing more. @param status one line for people. */
  stopping(status: string): void;
  /** The rest is said, then nothing more. */
  close(): void;
}

/**
 * Node.js cannot open a datagram socket of the file system: `systemd-notify` can, and comes with systemd. A small shell starts
 * it, because a fork of a process with a large heap stops that for milliseconds. It ends with its standard input, so also
 * when this process is killed.
 */
const HELPER = `command -v systemd-notify > /dev/null || {
  echo "systemd-notify is not on the PATH: systemd will not hear of this service and end it" >&2
  exit 1
}
while IFS= read -r line; do systemd-notify "$line"; done`;

/** How often a watchdog is fed in its time. */
const FEEDS = 3;

export function openServiceManager(environment: NodeJS.ProcessEnv, logger: Logger): ServiceManager {
  const { NOTIFY_SOCKET: socket, PATH } = environment;
  if (!socket) return { ready() {}, stopping() {}, close() {} };
  const helper = spawn("/bin/sh", ["-c", HELPER], {
    env: { NOTIFY_SOCKET: socket, PATH },
    stdio: ["pipe", "ignore", "inherit"],
    // A signal to the group of this process is not for it.
    detached: true,
  });
  const lost = (error: Error): void => logger.warn({ error: error.message }, "systemd cannot be told of this service");
  helper.once("error", lost);
  helper.stdin.once("error", lost);
  helper.unref();
  (helper.stdin as unknown as { unref(): void }).unref();
  const say = (...lines: readonly string[]): void => {
    if (helper.stdin.writable) helper.stdin.write(lines.map((line) => `${line}\n`).join(""));
  };
  let feeding: NodeJS.Timeout | undefined;
  return {
    ready(status) {
      say("READY=1", statusLine(status));
      const periodMs = watchdogMs(environment);
      if (periodMs === undefined || feeding !== undefined) return;
      feeding = setInterval(() => say("WATCHDOG=1"), periodMs / FEEDS);
      feeding.unref();
    },
    stopping: (status) => say("STOPPING=1", statusLine(status)),
    close() {
      clearInterval(feeding);
      helper.stdin.end();
    },
  };
}

function statusLine(text: string): string {
  return `STATUS=${text.replace(/\s+/g, " ")}`;
}

/** The time of the watchdog, when it is meant for this process or for the launcher that started it. */
function watchdogMs(environment: NodeJS.ProcessEnv): number | undefined {
  const { WATCHDOG_USEC: time, WATCHDOG_PID: pid } = environment;
  if (pid && ![process.pid, process.ppid].includes(Number(pid))) return undefined;
  const periodMs = Number(time) / 1_000;
  return periodMs > 0 ? periodMs : undefined;
}
