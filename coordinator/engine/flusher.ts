import { TssError } from "../../proto/errors.ts";
import type { FlushResult, FlushShard } from "../ports/store.ts";
import { BadRowError, RequestRepeatedError, StoreLostError, StoreUnavailableError } from "../ports/store-errors.ts";
import { type Batch, rowsOf, toFlush } from "./batch.ts";
import { flushShards } from "./counters.ts";
import { decodeRequestAnswer } from "./gate-answers.ts";
import { makeBatch } from "./make-batch.ts";
import { noteAway, noteBack } from "./outage.ts";
import { hasPending, type SubmitMessage, type SubmitOutcome } from "./pending.ts";
import { settleBatch } from "./settle-batch.ts";
import type { EngineState } from "./state.ts";
import { unplace } from "./unplace.ts";

const RETRY_MS = [50, 100, 200, 400, 800, 1_000];

/**
 * The one writer of an owner's shards: one batch, one commit, and the next begins when it has returned. There is no timer:
 * a batch holds what came in while the last was written. A batch is never dropped: it is written, found written after a
 * commit in doubt, or the owner is fenced and stops.
 */
export class Flusher {
  readonly #state: EngineState;
  readonly #onStop: (error: Error) => void;
  #running: Promise<void> | null = null;
  #scheduled = false;
  /** Something happened since the batch under way was made. */
  #again = false;
  #exclusive: { run: () => Promise<void>; resolve: () => void; reject: (error: unknown) => void }[] = [];
  #release: (() => void) | null = null;

  /** @param onStop called once when the owner must stop: it was fenced, or the store refuses what it may not refuse. */
  constructor(state: EngineState, onStop: (error: Error) => void) {
    this.#state = state;
    this.#onStop = onStop;
  }

  /** Something is to be written or matched; the loop begins after the socket reads of this turn. */
  wake(): void {
    this.#again = true;
    if (this.#scheduled || this.#running !== null || this.#state.stopped !== null) return;
    this.#scheduled = true;
    this.#state.timers.nextTurn(() => {
      this.#scheduled = false;
      if (this.#running !== null || this.#state.stopped !== null) return;
      this.#running = this.#loop().finally(() => {
        this.#running = null;
        if (this.#hasWork()) this.wake();
      });
    });
  }

  /** Runs between two flushes, with nothing of a flush under way: segment changes and checkpoint snapshots. */
  between(run: () => Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#state.stopped !== null) return reject(this.#state.stopped);
      this.#exclusive.push({ run, resolve, reject });
      this.wake();
    });
  }

  /** Resolves when the flush under way has ended. */
  async idle(): Promise<void> {
    while (this.#running !== null) await this.#running;
  }

  /** Ends waits for a database that is away, and for a turn between flushes that will not come. */
  stop(): void {
    this.#release?.();
    for (const { reject } of this.#exclusive.splice(0)) reject(this.#state.stopped);
  }

  #hasWork(): boolean {
    return this.#again || this.#exclusive.length > 0 || hasPending(this.#state.pending);
  }

  async #loop(): Promise<void> {
    const state = this.#state;
    try {
      for (;;) {
        if (state.stopped !== null) return;
        for (const task of this.#exclusive.splice(0)) await task.run().then(task.resolve, task.reject);
        this.#again = false;
        const batch = makeBatch(state);
        if (rowsOf(batch) === 0 && batch.requests.length === 0) {
          settleBatch(state, batch, [], { keys: [], lostEnds: [] });
          if (!this.#hasWork()) return;
          continue;
        }
        await this.#write(batch);
        // A store that answers within the turn would keep timers and sockets waiting for as long as there is work.
        await new Promise<void>((resolve) => state.timers.nextTurn(resolve));
      }
    } catch (error) {
      this.#onStop(error as Error);
    }
  }

  async #write(batch: Batch): Promise<void> {
    this.#state.flushBegan = this.#state.clock.monotonic();
    try {
      await this.#writeOut(batch);
    } finally {
      this.#state.flushBegan = 0;
    }
  }

  async #writeOut(batch: Batch): Promise<void> {
    const state = this.#state;
    const began = state.clock.monotonic();
    for (;;) {
      const shards = flushShards(state, batch);
      try {
        if (state.planted("bug.ack-before-commit")) answerEarly(batch);
        state.failpoint("cycle.made");
        const result = await this.#commit(batch, shards);
        if (state.stopped !== null) return;
        state.failpoint("cycle.committed");
        state.observer.flushed(rowsOf(batch), state.clock.monotonic() - began);
        settleBatch(state, batch, shards, result);
        state.failpoint("cycle.settled");
        return;
      } catch (error) {
        if (error instanceof RequestRepeatedError) this.#answerRepeats(batch, error);
        else if (error instanceof BadRowError) this.#separate(batch, error);
        else throw error;
        if (rowsOf(batch) === 0) {
          // Sessions are written with what names them; that is gone, and the next that does brings them along.
          state.pending.sessions.push(...batch.sessions);
          settleBatch(state, batch, [], { keys: [], lostEnds: [] });
          return;
        }
      }
    }
  }

  /** Tries until the store has said yes or no, also over an outage. */
  async #commit(batch: Batch, shards: readonly FlushShard[]): Promise<FlushResult> {
    const state = this.#state;
    const flush = toFlush(batch, state.segments.open.seg, shards);
    let inDoubt = false;
    for (let attempt = 0; ; attempt++) {
      try {
        const known = inDoubt ? await state.store.resolve(flush) : null;
        const result = known ?? (await state.store.flush(flush));
        if (known === null) state.wroteAt = state.clock.monotonic();
        this.#isBack();
        return result;
      } catch (error) {
        if (!(error instanceof StoreUnavailableError)) {
          // A refusal is an answer, too.
          this.#isBack();
          throw error;
        }
        inDoubt ||= error.inDoubt;
        if (state.storeProblem === null) state.logger.error({ error: error.message }, "the database cannot be written");
        noteAway(state, error.message);
        await this.#pause(RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)] as number);
        if (state.stopped !== null) throw state.stopped;
      }
    }
  }

  #isBack(): void {
    const state = this.#state;
    if (state.storeProblem === null) return;
    noteBack(state);
    state.logger.warn({}, "the database is back");
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const callOff = this.#state.timers.after(ms, resolve);
      this.#release = () => {
        callOff();
        resolve();
      };
    });
  }

  /** Messages that were accepted before: they are answered with what they made then. */
  #answerRepeats(batch: Batch, error: RequestRepeatedError): void {
    const hits = new Map([...error.hits].map(([key, hit]) => [key, decodeRequestAnswer(hit.answer)]));
    batch.requests = batch.requests.filter((gate) => !hits.has(gate.key));
    const repeated = batch.messages.filter(({ message }) => hits.has(`r:${message.requestId}`));
    for (const placed of repeated) {
      const first = hits.get(`r:${placed.message.requestId}`) ?? [];
      const keyed = placed.keyIndex.filter((index) => index >= 0).length;
      const same = first.length === placed.refs.length - keyed;
      unplace(this.#state, batch, placed, false);
      const { message } = placed;
      let at = 0;
      const merged = (outcomes: readonly SubmitOutcome[]): SubmitOutcome[] =>
        outcomes.map((outcome, index) => {
          if ((placed.keyIndex[index] as number) >= 0) return outcome;
          const ref = first[at++];
          return same && ref !== undefined ? { ref, duplicate: true } : { conflict: "request_id" };
        });
      const answered = {
        ...placed,
        message: { ...message, resolve: (o: readonly SubmitOutcome[]) => message.resolve(merged(o)) },
      };
      batch.messages[batch.messages.indexOf(placed)] = answered;
    }
  }

  /** The database refuses a value: messages are tried apart, then their tasks, until the one is found. */
  #separate(batch: Batch, error: BadRowError): void {
    const state = this.#state;
    state.logger.error({ error: error.message }, "the database refuses a row; trying its messages apart");
    if (batch.messages.length === 0)
      throw new StoreLostError(
        `The database refuses what no caller has given (${error.message}): the coordinator writes nothing more and ends. Check the database before the next start.`,
      );
    const apart: SubmitMessage[] = [];
    for (const placed of batch.messages) {
      unplace(state, batch, placed, true);
      const { message } = placed;
      const [admission] = message.admissions;
      if (batch.messages.length > 1) apart.push({ ...message, alone: true });
      else if (message.admissions.length > 1) apart.push(...splitMessage(message));
      else {
        if (admission?.idempotency != null) state.pending.keys.delete(admission.idempotency.key);
        message.resolve([{ conflict: "refused" }]);
      }
    }
    batch.messages = [];
    batch.requests = [];
    batch.keys = [];
    state.pending.messages.unshift(...apart);
    state.pending.messageBytes += apart.reduce((bytes, message) => bytes + message.bytes, 0);
  }
}

/** A planted bug: callers are told before the commit. */
function answerEarly({ messages }: Batch): void {
  for (const { message, refs } of messages) message.resolve(refs.map((ref) => ({ ref, duplicate: false })));
}

function splitMessage(message: SubmitMessage): SubmitMessage[] {
  const outcomes: SubmitOutcome[] = [];
  let left = message.admissions.length;
  return message.admissions.map((admission, index) => ({
    ...message,
    admissions: [admission],
    laneIds: [message.laneIds[index] as number],
    requestId: message.requestId === "" ? "" : `${message.requestId}#${index}`,
    bytes: Math.ceil(message.bytes / message.admissions.length),
    alone: true,
    resolve: ([outcome]) => {
      outcomes[index] = outcome as SubmitOutcome;
      left--;
      if (left === 0) message.resolve(outcomes);
    },
  }));
}

/** What a caller is told whose task the database refused. */
export function refusedError(): TssError {
  return new TssError(
    "INVALID_ARGUMENT",
    "The database refuses a value of this task; the coordinator's log names it.",
    {
      reason: "REFUSED_BY_DATABASE",
    },
  );
}
