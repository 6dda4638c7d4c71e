import { randomBytes } from "node:crypto";
import { constants } from "node:http2";
import {
  type Metadata,
  type ServerInterceptingCall,
  type ServerInterceptingCallInterface,
  type ServerInterceptor,
  status as Status,
} from "@grpc/grpc-js";
import { TssError } from "../../proto/errors.ts";
import { isOpenToEveryone } from "../kernel/permissions.ts";
import { CallContext } from "./call-context.ts";
import { deadlineOf, patienceOf } from "./call-rules.ts";
import { requireClientCertificate } from "./client-certificate.ts";
import type { Edge } from "./edge.ts";
import type { Incoming } from "./grpc-definition.ts";
import { http2StreamOf } from "./grpc-internals.ts";
import { identify } from "./identity.ts";
import { isPrivate } from "./is-private.ts";
import { type CallStatus, translate } from "./status.ts";

const REQUEST_ID = "x-request-id";
const GOOD_REQUEST_ID = /^[\x21-\x7e]{1,128}$/;

const contexts = new WeakMap<Metadata, CallContext>();

/** The context of a call that was let in. */
export function contextOf(call: { readonly metadata: Metadata }): CallContext {
  const context = contexts.get(call.metadata);
  if (context === undefined) throw new Error("a call reached its handler without admission");
  return context;
}

/**
 * Lets calls in before their first message is read: key, role, request id, server deadline, log line and metrics. It
 * sets methods of the one call object instead of wrapping it, so that a message of a stream costs nothing more, and so
 * that every status passes here, those of grpc-js itself included.
 */
export function callAdmission(edge: Edge, proven: (call: ServerInterceptingCallInterface) => void): ServerInterceptor {
  const made = requestIds();
  return (definition, call) => {
    const method = definition.path.slice(1);
    const startedAt = edge.clock.monotonic();
    const { start, sendMetadata, sendStatus, startRead } = boundMethods(call);
    let deadline: NodeJS.Timeout | undefined;

    const finish = (status: CallStatus) => {
      if (context.over) return;
      if (status.code !== Status.OK) status.metadata.set(REQUEST_ID, context.requestId);
      context.settle(status.code);
      sendStatus(status);
      resetLater(call, definition.responseStream, edge.limits.lingerMs);
    };
    const context = new CallContext(method, patienceOf(definition), edge.limits.streamInboxBytes, edge.logger, {
      sendStatus: finish,
      startRead,
      peer: () => call.getPeer().replace(/:\d+$/, ""),
      isPrivate: () => isPrivate(call),
      settled(code) {
        clearTimeout(deadline);
        edge.calls.delete(context);
        const ms = edge.clock.monotonic() - startedAt;
        edge.metrics.ended?.(method, code, ms);
        const { requestId, caller } = context;
        edge.logger.debug({ method, code, ms: Math.round(ms * 10) / 10, keyId: caller?.keyId, requestId }, "call");
      },
    });
    edge.calls.add(context);
    edge.metrics.started?.(method);

    const admit = (metadata: Metadata): boolean => {
      const [sent] = metadata.get(REQUEST_ID);
      context.requestId = typeof sent === "string" && GOOD_REQUEST_ID.test(sent) ? sent : made();
      const ms = deadlineOf(definition, edge.limits);
      if (ms !== undefined)
        deadline = setTimeout(() => {
          context.fail(new TssError("DEADLINE_EXCEEDED", `The call was not answered within ${ms / 1000} s.`));
        }, ms).unref();
      try {
        if (edge.clientCertificates && !isOpenToEveryone(method)) requireClientCertificate(call, edge.clock.now());
        context.caller = identify(metadata, method, edge.keys);
      } catch (error) {
        context.fail(error);
        return false;
      }
      if (context.caller) proven(call);
      contexts.set(metadata, context);
      return true;
    };

    call.sendStatus = (status) => finish(translate(status));
    call.sendMetadata = (metadata) => {
      metadata.set(REQUEST_ID, context.requestId);
      sendMetadata(metadata);
    };
    call.startRead = () => context.requestRead();
    call.start = (listener) =>
      start({
        onReceiveMetadata: (metadata) => {
          if (!context.over && admit(metadata)) listener.onReceiveMetadata(metadata);
        },
        onReceiveMessage: (message: Incoming) => {
          if (definition.requestStream) context.received(message.bytes);
          listener.onReceiveMessage(message);
        },
        onReceiveHalfClose: () => listener.onReceiveHalfClose(),
        onCancel: () => {
          context.settle(Status.CANCELLED);
          listener.onCancel();
        },
      });
    // The same object: its class differs from the declared one only in what grpc-js keeps private.
    return call as ServerInterceptingCall;
  };
}

function boundMethods(call: ServerInterceptingCallInterface) {
  return {
    start: call.start.bind(call),
    sendMetadata: call.sendMetadata.bind(call),
    sendStatus: call.sendStatus.bind(call),
    startRead: call.startRead.bind(call),
  };
}

/** A peer that does not end its side, or does not read the rest of the answer, holds a stream no longer than this. */
function resetLater(call: ServerInterceptingCallInterface, responseStream: boolean, ms: number): void {
  const stream = http2StreamOf(call);
  if (stream === undefined || stream.closed || stream.destroyed) return;
  if (!responseStream && stream.readableEnded && stream.writableLength === 0) return;
  const timer = setTimeout(() => {
    stream.close(constants.NGHTTP2_NO_ERROR);
    stream.destroy();
  }, ms).unref();
  stream.once("close", () => clearTimeout(timer));
}

/** Short and different for every call of every process. */
function requestIds(): () => string {
  const prefix = randomBytes(6).toString("base64url");
  let count = 0;
  return () => `${prefix}-${(++count).toString(36)}`;
}
