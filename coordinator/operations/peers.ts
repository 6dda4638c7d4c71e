import type { DescMessage, DescMethodServerStreaming, DescMethodUnary, MessageShape } from "@bufbuild/protobuf";
import { Role } from "../../proto/gen/tss/v1/operator_service_pb.js";
import type { Caller, SubmitAnswer, SubmitRequest, WorkAttachment, WorkerMessage, WorkStream } from "./operations.ts";

/** Who calls when coordinators ask each other for themselves, in nobody's name. */
export const PEER: Caller = { keyId: "", role: Role.UNSPECIFIED };

/** The other coordinators: calls that are theirs to answer are passed on in the name of the caller. */
export interface Peers {
  /**
   * @param waitMs how long the call may wait on purpose.
   * @throws TssError as the peer answered, or UNAVAILABLE with reason PEER_GONE when it does not.
   */
  call<I extends DescMessage, O extends DescMessage>(
    address: string,
    method: DescMethodUnary<I, O>,
    request: MessageShape<I>,
    caller: Caller,
    signal?: AbortSignal,
    waitMs?: number,
  ): Promise<MessageShape<O>>;
  /** As `call`, with the tasks as they came. */
  submit(address: string, request: SubmitRequest, caller: Caller): Promise<readonly SubmitAnswer[]>;
  stream<I extends DescMessage, O extends DescMessage>(
    address: string,
    method: DescMethodServerStreaming<I, O>,
    request: MessageShape<I>,
    caller: Caller,
    signal: AbortSignal,
  ): AsyncIterable<MessageShape<O>>;
  /**
   * Holds a session with every coordinator in the place of a worker that holds a single stream.
   * @param address of this coordinator, which names the others.
   */
  work(address: string, caller: Caller, first: WorkerMessage, stream: WorkStream): WorkAttachment;
  close(): void;
}

/** Who owns what, as far as is known here. */
export interface Routes {
  /**
   * Address of the coordinator that owns a shard; null: this one does.
   * @throws TssError UNAVAILABLE while nobody is known to.
   */
  ownerOf(shard: number): string | null;
  /** Address of this coordinator, as the others know it. */
  self(): string;
  /** Addresses of the other living coordinators. */
  others(): readonly string[];
  /** What is known was wrong: look again. */
  doubt(): void;
}
