// A task of the conformance scenarios without an SDK: files, descriptor 3 and exit codes alone, as docs/agent.md has them.
// `stdio-task.mjs echo` gives its input back; otherwise it obeys its input. Beside the contract it speaks with the
// conformance program over a socket: what begins and ends, and whether it may go on.
import { copyFileSync, existsSync, readFileSync, writeFileSync, writeSync } from "node:fs";
import { createConnection } from "node:net";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";

const { TSS_INPUT, TSS_OUTPUT, TSS_PROGRESS_FD, CONFORMANCE_SOCKET, CONFORMANCE_WORKER } = process.env;
const about = { worker: CONFORMANCE_WORKER, task: process.env.TSS_TASK_ID, attempt: Number(process.env.TSS_ATTEMPT) };
const say = (line) => writeSync(Number(TSS_PROGRESS_FD), `${JSON.stringify(line)}\n`);

/** Those of `TSS_LOCKS`, such as a=12,b=13. */
function locks() {
  const { TSS_LOCKS } = process.env;
  if (TSS_LOCKS === undefined) return {};
  const pairs = TSS_LOCKS.split(",").map((pair) => pair.split("="));
  return { locks: pairs.map(([name, token]) => ({ name, token: Number(token) })) };
}

async function obey({ steps, value }, released) {
  for (const [verb, first, second] of steps) {
    switch (verb) {
      case "return":
        return JSON.stringify(first === undefined ? value : first);
      case "returnRepeat":
        return JSON.stringify(first.repeat(second));
      case "returnBase64":
        return Buffer.from(first, "base64");
      case "progress":
        say({ progress: first, message: second });
        break;
      case "message":
        say({ message: first });
        break;
      case "heartbeat":
        say({});
        break;
      case "sleep":
        await sleep(first);
        break;
      case "await":
      case "deaf":
        await released();
        break;
      case "fail":
        throw new Error(first);
      default:
        throw new Error(`${verb} is no step of a task without an SDK.`);
    }
  }
  return undefined;
}

async function main() {
  if (process.argv[2] === "echo") {
    if (TSS_INPUT !== undefined) copyFileSync(TSS_INPUT, TSS_OUTPUT);
    return;
  }
  const socket = createConnection(CONFORMANCE_SOCKET);
  const tell = (line) => new Promise((resolve) => socket.write(`${JSON.stringify(line)}\n`, resolve));
  const answers = createInterface({ input: socket })[Symbol.asyncIterator]();
  const released = async () => {
    await tell({ await: about.task });
    await answers.next();
  };
  await tell({ event: "begin", ...about, fencingToken: Number(process.env.TSS_FENCING_TOKEN), ...locks() });
  try {
    const result = await obey(
      existsSync(TSS_INPUT ?? "") ? JSON.parse(readFileSync(TSS_INPUT, "utf8")) : { steps: [] },
      released,
    );
    if (result !== undefined) writeFileSync(TSS_OUTPUT, result);
  } finally {
    await tell({ event: "end", ...about });
    socket.end();
  }
}

main().catch((error) => {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
});
