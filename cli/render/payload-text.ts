import type { Payload } from "../../proto/gen/tss/v1/task_pb.js";
import { printable } from "./printable.ts";
import { sizeText } from "./time.ts";

const SHOWN_CHARACTERS = 500;

/** A payload for people: JSON and text as they are, cut when long; anything else by type and size. */
export function payloadText(payload: Payload | undefined): string | undefined {
  if (payload === undefined) return undefined;
  // Who says nothing of the type means JSON.
  const type = payload.contentType || "application/json";
  const isText = /json|^text\//.test(type) && payload.encodings.length === 0;
  if (!isText) return `${printable([type, ...payload.encodings].join(", "))}, ${sizeText(payload.data.length)}`;
  const text = printable(new TextDecoder().decode(payload.data));
  return text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}… (--json shows all)` : text;
}
