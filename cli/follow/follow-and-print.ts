import { type Task, TaskReason, TaskSchema, TaskStatus } from "../../proto/gen/tss/v1/task_pb.js";
import { LogStream } from "../../proto/gen/tss/v1/task_service_pb.js";
import type { OutputPiece } from "../../sdk/typescript/client/follow-output.ts";
import type { Tasks } from "../../sdk/typescript/client/tasks.ts";
import { jsonLine } from "../render/json-text.ts";
import { messageJson } from "../render/message-json.ts";
import { printable } from "../render/printable.ts";
import { endSignal, statusText } from "../render/words.ts";
import { writeAll } from "../write-all.ts";
import { followTask } from "./follow-task.ts";
import { createOutputWriter } from "./output-writer.ts";

/**
 * Follows a task and prints what it writes, or with `json` one document per piece and one for the ended task. Sets the
 * exit code of the process to the task's.
 */
export async function followAndPrint(tasks: Tasks, id: string, json: boolean): Promise<undefined> {
  const writer = createOutputWriter({ stdout: true, stderr: true });
  const { task, exitCode } = await followTask(tasks, id, {
    write: json ? (piece) => writeAll(process.stdout, jsonLine(pieceJson(piece))) : writer.write,
    note: json ? () => {} : (text) => process.stderr.write(`${text}\n`),
    talkative: Boolean(process.stderr.isTTY),
  });
  await writer.end();
  if (json) await writeAll(process.stdout, jsonLine({ task: messageJson(TaskSchema, task) }));
  else if (!speaksForItself(task)) process.stderr.write(`tss: ${id} ${describeEnd(task)}\n`);
  process.exitCode = exitCode;
}

/** A piece of output as a document: `data` is base64, since output need not be text. */
export function pieceJson(piece: OutputPiece) {
  return {
    attempt: piece.attempt,
    offset: piece.offset,
    stream: piece.stream === LogStream.STDERR ? ("stderr" as const) : ("stdout" as const),
    data: Buffer.from(piece.data).toString("base64"),
    ...(piece.elidedBytes === 0 ? {} : { elidedBytes: piece.elidedBytes }),
  };
}

/** The exit code and the output tell these ends; anything else needs a word. */
function speaksForItself(task: Task): boolean {
  return task.status === TaskStatus.SUCCEEDED || task.reason === TaskReason.EXIT_CODE;
}

function describeEnd(task: Task): string {
  const detail = task.error?.message ? `: ${printable(task.error.message)}` : "";
  const signal = endSignal(task);
  return `${statusText(task)}${signal === "" ? "" : ` by ${printable(signal)}`}${detail}`;
}
