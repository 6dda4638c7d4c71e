import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { findFolder, install } from "../support/binaries.ts";
import { Child } from "../support/child.ts";
import { type NotifySocket, openNotifySocket } from "../support/notify-socket.ts";

let socket: NotifySocket;
let child: Child;

beforeEach(async () => {
  if (findFolder(["systemd-notify"]) === undefined) install(["systemd"]);
  socket = await openNotifySocket();
});

afterEach(async () => {
  child.kill("SIGKILL");
  await child.exited;
  socket.close();
});

const start = (environment: Record<string, string> = {}) => {
  child = new Child("test/support/sample-service.ts", ["patient"], { NOTIFY_SOCKET: socket.path, ...environment });
};
const feeds = (lines: readonly string[]) => lines.filter((line) => line === "WATCHDOG=1").length;

test("a service manager hears of readiness, of a loop that turns, and of the end", async () => {
  start({ WATCHDOG_USEC: "60000" });
  await socket.until((lines) => feeds(lines) > 2);
  expect(socket.lines.slice(0, 2)).toEqual(["READY=1", "STATUS=does its work"]);
  child.kill("SIGTERM");
  await socket.until((lines) => lines.includes("STATUS=takes nothing more and finishes what runs"));
  expect(socket.lines).toContain("STOPPING=1");
  // It is fed while it drains, too.
  const before = feeds(socket.lines);
  await socket.until((lines) => feeds(lines) > before + 1);
  child.kill("SIGQUIT");
  expect(await child.exited).toEqual({ code: 0, signal: null });
});

test("a watchdog that is meant for another process is not fed", async () => {
  start({ WATCHDOG_USEC: "3000", WATCHDOG_PID: "1" });
  await socket.until((lines) => lines.includes("READY=1"));
  child.kill("SIGTERM");
  await socket.until((lines) => lines.includes("STOPPING=1"));
  expect(feeds(socket.lines)).toBe(0);
});

test("without systemd-notify the service works, and says what it could not do", async () => {
  start({ PATH: "/no/such/folder" });
  await child.said("ready");
  child.kill("SIGTERM");
  await child.said("drain");
  child.kill("SIGQUIT");
  expect((await child.exited).code).toBe(0);
  expect(child.stderr).toBe("systemd-notify is not on the PATH: systemd will not hear of this service and end it\n");
});
