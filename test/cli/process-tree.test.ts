import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { afterEach, expect, test } from "@jest/globals";
import { processTree } from "../../cli/lock/process-tree.ts";
import { isRunning } from "../support/is-running.ts";
import { until } from "../support/until.ts";

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
});

/** A shell, and the numbers that it writes. */
async function shell(script: string, lines: number): Promise<{ root: number; pids: number[]; child: ChildProcess }> {
  const child = spawn("sh", ["-c", script], { stdio: ["pipe", "pipe", "ignore"] });
  children.push(child);
  let text = "";
  child.stdout?.on("data", (chunk) => (text += chunk));
  await until("the numbers", () => text.split("\n").length > lines);
  return { root: child.pid as number, pids: text.trim().split("\n").map(Number), child };
}

test("a signal reaches what the process has started, however deep, and nobody else", async () => {
  const { root, pids, child } = await shell("sh -c 'sleep 60 & echo $!; wait' & echo $!; wait", 2);
  const bystander = spawn("sleep", ["60"]);
  children.push(bystander);
  const tree = processTree(root);
  expect(tree.lives()).toBe(true);
  const ended = once(child, "exit");
  tree.signal("SIGTERM");
  expect((await ended)[1]).toBe("SIGTERM");
  await until("all to be gone", () => !tree.lives());
  expect(pids.map(isRunning)).toEqual([false, false]);
  expect(isRunning(bystander.pid as number)).toBe(true);
});

test("who was seen is remembered when its parent has ended, and with it what it starts", async () => {
  const inner = "trap : TERM; echo $$; read line <&3; sleep 60 & echo $!; wait; wait";
  const { root, pids, child } = await shell(`exec 3<&0; sh -c '${inner}' & wait`, 1);
  const tree = processTree(root);
  const ended = once(child, "exit");
  process.kill(root, "SIGKILL");
  await ended;
  expect([isRunning(pids[0] as number), tree.lives()]).toEqual([true, true]);
  const more = once(child.stdout as NonNullable<typeof child.stdout>, "data");
  child.stdin?.write("go\n");
  const later = Number(String((await more)[0]));
  tree.signal("SIGKILL");
  await until("all to be gone", () => !isRunning(pids[0] as number) && !isRunning(later));
  expect(tree.lives()).toBe(false);
});
