import type { DescMessage, Message } from "@bufbuild/protobuf";
import { asArgument, type Exchange } from "../http/exchange.ts";
import type { Route } from "../http/router.ts";
import { type Kind, kindOf } from "../json/field-kinds.ts";
import { fromJson } from "../json/from-json.ts";
import { type JsonObject, JsonProblem, type JsonValue } from "../json/parse-json.ts";
import { toJson } from "../json/to-json.ts";
import { type AnnotatedMethod, annotatedMethods } from "./annotations.ts";
import { callUnary, type RouteContext } from "./context.ts";

/** One route for each unary method with a google.api.http rule that no other route serves. */
export function transcodedRoutes(context: RouteContext, served: readonly Route[]): Route[] {
  const taken = new Set(served.map((route) => `${route.method} ${route.path}`));
  return annotatedMethods()
    .filter(({ method, verb, path }) => method.methodKind === "unary" && !taken.has(`${verb} ${camelPath(path)}`))
    .map((annotated) => ({
      method: annotated.verb,
      path: camelPath(annotated.path),
      ...(annotated.body ? { query: [] } : {}),
      handle: (exchange) => transcode(context, annotated, exchange),
    }));
}

/** `{session_id}` is `{sessionId}` to REST. */
export function camelPath(path: string): string {
  return path.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

async function transcode(context: RouteContext, { method, body }: AnnotatedMethod, exchange: Exchange): Promise<void> {
  const options = exchange.callOptions;
  const json: JsonValue = body
    ? await exchange.readJson()
    : asArgument(() => queryToJson(method.input, exchange.url.searchParams));
  const whole =
    json !== null && typeof json === "object" && !Array.isArray(json) ? { ...json, ...exchange.params } : json;
  const request = asArgument(() => fromJson(method.input, whole));
  const answer = await callUnary(context, method.parent, method.localName)(request, options);
  exchange.json(200, toJson(method.output, answer as Message));
}

/** Query parameters as the fields they name; a list is a parameter given several times, or once with commas for enums. */
export function queryToJson(desc: DescMessage, query: URLSearchParams): JsonObject {
  const object: JsonObject = {};
  for (const name of new Set(query.keys())) {
    const field = desc.fields.find((candidate) => candidate.jsonName === name);
    const values = query.getAll(name);
    if (field === undefined) {
      object[name] = values[0] ?? "";
      continue;
    }
    const kind = kindOf(field);
    if (field.fieldKind === "list") {
      const items = kind.kind === "enum" ? values.flatMap((value) => value.split(",")) : values;
      object[name] = items.filter((item) => item !== "").map((item) => readText(kind, item, name));
    } else if (values.length > 1) throw new JsonProblem(name, "must be given once");
    else if (values[0] !== "") object[name] = readText(kind, values[0] as string, name);
  }
  return object;
}

function readText(kind: Kind, text: string, name: string): JsonValue {
  if (text.includes("\u0000")) throw new JsonProblem(name, "must not contain U+0000");
  switch (kind.kind) {
    case "integer":
    case "long":
    case "number":
    case "duration": {
      if (!/^-?\d{1,20}(\.\d{1,9})?$/.test(text))
        throw new JsonProblem(name, `must be a number (it is ${JSON.stringify(text.slice(0, 40))})`);
      return Number(text);
    }
    case "boolean":
      if (text !== "true" && text !== "false") throw new JsonProblem(name, "must be true or false");
      return text === "true";
    default:
      return text;
  }
}
