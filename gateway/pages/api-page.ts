import type { JsonObject, JsonValue } from "../json/parse-json.ts";
import { escapeHtml, htmlPage } from "./html.ts";

/** The OpenAPI document as a page to read: calls first, then what they carry. */
export function apiPage(document: JsonObject): string {
  const paths = Object.entries(document["paths"] as Record<string, JsonObject>);
  const schemas = Object.entries((document["components"] as { schemas: Record<string, JsonObject> }).schemas);
  const groups = new Map<string, string[]>();
  for (const [path, verbs] of paths)
    for (const [verb, operation] of Object.entries(verbs)) {
      const { tags } = operation as { tags: string[] };
      const group = groups.get(tags[0] as string) ?? [];
      groups.set(tags[0] as string, group);
      group.push(operationHtml(path, verb, operation as JsonObject));
    }
  const calls = [...groups].map(([tag, items]) => `<h2>${escapeHtml(tag)}</h2>${items.join("")}`).join("");
  const shapes = schemas.map(([name, schema]) => schemaHtml(name, schema)).join("");
  return htmlPage(
    "TSS API",
    `<h1>TSS API</h1><p>REST and JSON over HTTP. Send <code>Authorization: Bearer tss_…</code> with every call. Errors are problem documents (RFC 9457) with a <code>code</code> for programs. The same as a document: <a href="openapi.json">openapi.json</a>.</p>${calls}<h2>Shapes</h2>${shapes}`,
  );
}

function operationHtml(path: string, verb: string, operation: JsonObject): string {
  const parameters = (operation["parameters"] as JsonObject[] | undefined) ?? [];
  const rows = parameters.map((parameter) =>
    row(String(parameter["name"]), parameter["schema"] as JsonObject, String(parameter["in"])),
  );
  const body = operation["requestBody"] as JsonObject | undefined;
  const table = rows.length === 0 ? "" : `<table>${rows.join("")}</table>`;
  const about = body === undefined ? "" : `<p>Body: ${refsHtml(body as JsonValue)}</p>`;
  return `<details><summary><span class="verb">${verb.toUpperCase()}</span> <code>${escapeHtml(path)}</code> <span class="dim">${escapeHtml(String(operation["summary"] ?? ""))}</span></summary><p>${escapeHtml(String(operation["description"] ?? ""))}</p>${table}${about}<p>Answers: ${refsHtml(operation["responses"] as JsonValue)}</p></details>`;
}

function schemaHtml(name: string, schema: JsonObject): string {
  const properties = Object.entries((schema["properties"] as Record<string, JsonObject> | undefined) ?? {});
  const rows = properties.map(([field, shape]) => row(field, shape, typeName(shape)));
  return `<details id="${escapeHtml(name)}"><summary><code>${escapeHtml(name)}</code> <span class="dim">${escapeHtml(String(schema["description"] ?? ""))}</span></summary><table>${rows.join("")}</table></details>`;
}

function row(name: string, schema: JsonObject, note: string): string {
  return `<tr><td>${escapeHtml(name)}</td><td>${escapeHtml(note)}</td><td>${escapeHtml(String(schema["description"] ?? ""))}</td></tr>`;
}

function typeName(schema: JsonObject): string {
  const ref = /"\$ref":"#\/components\/schemas\/(\w+)"/.exec(JSON.stringify(schema))?.[1];
  if (schema["type"] === "array")
    return `list of ${ref ?? String((schema["items"] as JsonObject)["type"] ?? "values")}`;
  if (ref !== undefined) return ref;
  if (Array.isArray(schema["enum"])) return (schema["enum"] as string[]).join(" | ");
  return String(schema["format"] ?? schema["type"] ?? "any");
}

/** Links to the shapes that something mentions. */
function refsHtml(value: JsonValue): string {
  const names = new Set(
    [...JSON.stringify(value).matchAll(/#\/components\/(?:schemas|responses)\/(\w+)/g)].map(
      (match) => match[1] as string,
    ),
  );
  return [...names].map((name) => `<a href="#${escapeHtml(name)}">${escapeHtml(name)}</a>`).join(", ") || "a stream";
}
