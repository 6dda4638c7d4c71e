import { create, toBinary } from "@bufbuild/protobuf";
import { TssError } from "../../proto/errors.ts";
import {
  type LockAnswer,
  LockAnswerSchema,
  type LockCall,
  type LockStreamRequest,
} from "../../proto/gen/tss/v1/lock_service_pb.js";
import { LIMITS } from "../../proto/limits.ts";
import { WireWriter } from "../../proto/wire-writer.ts";
import { toRpcStatus } from "../kernel/rpc-status.ts";
import type { LockOperations } from "../operations/operations.ts";
import type { BidiStream } from "./bidi-stream.ts";
import type { EdgeLimits } from "./edge-limits.ts";
import { StreamSender } from "./stream-sender.ts";

type Answer = LockAnswer["answer"];

const GIVEN_UP = "given up";
/** Of one message: all that may be asked, and given up. */
const CALLS = 2 * LIMITS.lockStreamCalls;
/** Of one answer: well within what every client takes. */
const MESSAGE_BYTES = 1024 * 1024;
const writer = new WireWriter();

/**
 * Serves one `LockStream`: calls are carried out as they come, those that wait in line beside the others, and what is
 * answered in one turn of the event loop (a commit answers many) leaves as one message.
 */
export function serveLockStream(
  stream: BidiStream<LockStreamRequest>,
  locks: LockOperations,
  limits: Pick<EdgeLimits, "streamOutboxBytes">,
): void {
  const { context } = stream;
  const caller = context.provenCaller;
  const sender = new StreamSender(stream, limits.streamOutboxBytes);
  /** Unanswered calls, with what ends the wait of an acquire. */
  const open = new Map<number, AbortController>();
  let answers: LockAnswer[] = [];
  /** Why the stream ends once all is answered; null: the client has no more to ask. */
  let ending: { readonly error: TssError | null } | undefined;

  function tell(id: number, answer: Answer): void {
    answers.push(create(LockAnswerSchema, { id, answer }));
    if (answers.length === 1) setImmediate(send);
  }

  /** As many messages as it takes: an answer that names holders and line may have several kilobytes. */
  function send(): void {
    if (context.over) return;
    for (const answer of answers) {
      const bytes = toBinary(LockAnswerSchema, answer);
      if (writer.length + bytes.length > MESSAGE_BYTES) sender.write(writer.finish());
      writer.bytes(1, bytes);
    }
    sender.write(writer.finish());
    answers = [];
    endWhenAnswered();
  }

  function endWhenAnswered(): void {
    if (ending !== undefined && open.size === 0 && answers.length === 0) stream.end(ending.error ?? undefined);
  }

  function carryOut({ call }: LockCall, signal: AbortSignal): Promise<Answer> {
    if (call.case === "acquire")
      return locks.acquireLock(caller, call.value, signal).then((value) => ({ case: "acquired", value }));
    if (call.case === "renew") return locks.renewLock(caller, call.value).then((value) => ({ case: "renewed", value }));
    if (call.case === "release")
      return locks.releaseLock(caller, call.value).then((value) => ({ case: "released", value }));
    return Promise.reject(callMissing());
  }

  function begin(asked: LockCall): void {
    const { id } = asked;
    if (asked.call.case === "giveUp") open.get(id)?.abort(GIVEN_UP);
    else if (open.has(id)) context.fail(idInUse(id));
    else if (open.size >= LIMITS.lockStreamCalls) tell(id, failure(tooMany()));
    else void serve(asked);
  }

  async function serve(asked: LockCall): Promise<void> {
    const { id } = asked;
    const wait = new AbortController();
    open.set(id, wait);
    const answer = await carryOut(asked, wait.signal).catch(failure);
    open.delete(id);
    if (context.over) return;
    if (wait.signal.reason === GIVEN_UP) endWhenAnswered();
    else tell(id, ending?.error && isRefusal(answer) ? failure(ending.error) : answer);
  }

  const failure = (error: unknown): Answer => ({ case: "error", value: toRpcStatus(context.explain(error)) });

  context.shutdown = (error) => {
    ending = { error };
    // Their places in line outlive this: they are asked for again elsewhere.
    for (const wait of open.values()) wait.abort();
    endWhenAnswered();
  };

  stream.listen({
    message({ calls }, bytes) {
      if (calls.length > CALLS) return context.fail(tooMany());
      if (ending === undefined)
        for (const call of calls) {
          begin(call);
          if (context.over) return;
        }
      // A wait in line does not count as unread: renewals come behind it. Who does not read answers is not read.
      sender.onDrained(() => context.release(bytes));
    },
    halfClosed() {
      ending ??= { error: null };
      endWhenAnswered();
    },
    closed() {
      for (const wait of open.values()) wait.abort();
    },
  });
}

/** Of an acquire that was not granted: the wait was over, or cut short. */
const isRefusal = ({ case: kind, value }: Answer) => kind === "acquired" && !value.acquired;

const callMissing = () =>
  new TssError("INVALID_ARGUMENT", "A call of a LockStream must carry acquire, renew, release or give_up.");

const idInUse = (id: number) =>
  new TssError(
    "INVALID_ARGUMENT",
    `The call ${id} of this LockStream is unanswered: give every call an id of its own.`,
  );

const tooMany = () =>
  new TssError(
    "RESOURCE_EXHAUSTED",
    `This LockStream has ${LIMITS.lockStreamCalls} unanswered calls: wait for answers, or open another.`,
  );
