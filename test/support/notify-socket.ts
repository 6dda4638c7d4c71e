import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface NotifySocket {
  readonly path: string;
  /** Every line that came, in order. */
  readonly lines: readonly string[];
  /** Resolves when enough has come. */
  until(enough: (lines: readonly string[]) => boolean): Promise<void>;
  close(): void;
}

/** Node.js has no such sockets. Descriptors that come along (`BARRIER=1`) are closed, which answers them. */
const RECEIVER = `
import socket, sys
receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
receiver.bind(sys.argv[1])
print("bound", flush=True)
while True:
    for line in receiver.recv(65536).decode().splitlines():
        print(line, flush=True)
`;

/** What a service manager listens on, in a folder of its own. */
export async function openNotifySocket(): Promise<NotifySocket> {
  const folder = mkdtempSync(join(tmpdir(), "tss-notify-"));
  const path = join(folder, "notify");
  const child: ChildProcess = spawn("python3", ["-c", RECEIVER, path], { stdio: ["ignore", "pipe", "inherit"] });
  let [text, heard] = ["", Promise.withResolvers<void>()];
  const lines: string[] = [];
  child.stdout?.setEncoding("utf8").on("data", (piece: string) => {
    const parts = (text + piece).split("\n");
    text = parts.pop() as string;
    lines.push(...parts.filter((line) => line !== "BARRIER=1"));
    heard.resolve();
    heard = Promise.withResolvers();
  });
  const until = async (enough: (all: readonly string[]) => boolean): Promise<void> => {
    while (!enough(lines)) await heard.promise;
  };
  await until((all) => all.includes("bound"));
  lines.length = 0;
  return {
    path,
    lines,
    until,
    close() {
      child.kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
