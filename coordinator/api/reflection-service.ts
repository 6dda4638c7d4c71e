import { create, type DescMessage, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { STATUS_CODES } from "../../proto/errors.ts";
import {
  type ServerReflectionRequest,
  ServerReflectionResponseSchema,
} from "../../proto/gen/grpc/reflection/v1/reflection_pb.js";
import { ServerReflectionResponseSchema as AlphaResponseSchema } from "../../proto/gen/grpc/reflection/v1alpha/reflection_pb.js";
import type { BidiStream } from "./bidi-stream.ts";
import type { DescriptorIndex } from "./descriptor-index.ts";
import { StreamSender } from "./stream-sender.ts";

type Question = ServerReflectionRequest["messageRequest"];
type Answer = NonNullable<MessageInitShape<typeof ServerReflectionResponseSchema>["messageResponse"]>;

/** Version v1 and v1alpha differ in nothing but their names; one serves both. */
export const REFLECTION_RESPONSES = { v1: ServerReflectionResponseSchema, v1alpha: AlphaResponseSchema } as const;

/** Answers the questions of one reflection stream. @param outboxBytes answers a slow peer may leave unread. */
export function serveReflection<Q extends { readonly host: string; readonly messageRequest: unknown }>(
  stream: BidiStream<Q>,
  response: DescMessage,
  index: DescriptorIndex,
  outboxBytes: number,
): void {
  const sender = new StreamSender(stream, outboxBytes);
  stream.listen({
    message(request, bytes) {
      const messageResponse = answer(request.messageRequest as Question, index);
      const { host: validHost } = request;
      sender.write(
        toBinary(response, create(response, { validHost, originalRequest: request, messageResponse } as never)),
      );
      sender.onDrained(() => stream.context.release(bytes));
    },
    halfClosed: () => stream.end(),
    closed() {},
  });
}

function answer(question: Question, index: DescriptorIndex): Answer {
  switch (question.case) {
    case "listServices": {
      const service = index.services.map((name) => ({ name }));
      return { case: "listServicesResponse", value: { service } };
    }
    case "fileByFilename":
      return files(index.byFileName(question.value), `file ${question.value}`);
    case "fileContainingSymbol":
      return files(index.bySymbol(question.value), `symbol ${question.value}`);
    case "fileContainingExtension": {
      const { containingType, extensionNumber } = question.value;
      const found = index.byExtension(containingType, extensionNumber);
      return files(found, `extension ${extensionNumber} of ${containingType}`);
    }
    case "allExtensionNumbersOfType": {
      const extensionNumber = index.extensionNumbers(question.value);
      if (extensionNumber === undefined) return missing(`type ${question.value}`);
      const value = { baseTypeName: question.value, extensionNumber: [...extensionNumber] };
      return { case: "allExtensionNumbersResponse", value };
    }
    default:
      return failure(STATUS_CODES.INVALID_ARGUMENT, "The reflection request asks for nothing that is known here.");
  }
}

function files(found: readonly Uint8Array[] | undefined, what: string): Answer {
  return found === undefined
    ? missing(what)
    : { case: "fileDescriptorResponse", value: { fileDescriptorProto: [...found] } };
}

function missing(what: string): Answer {
  return failure(STATUS_CODES.NOT_FOUND, `There is no ${what.slice(0, 300)} here.`);
}

function failure(errorCode: number, errorMessage: string): Answer {
  return { case: "errorResponse", value: { errorCode, errorMessage } };
}
