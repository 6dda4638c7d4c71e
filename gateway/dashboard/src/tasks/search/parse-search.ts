import type { ListTasksRequestJson } from "../../../../../proto/gen/tss/v1/task_service_pb.js";
import { FIELDS, findField } from "./fields.ts";
import { type Token, tokenize } from "./tokenize.ts";

/** What is wrong with a stretch of the text. */
export interface SearchProblem {
  readonly start: number;
  readonly end: number;
  readonly message: string;
}

export interface Search {
  readonly request: ListTasksRequestJson;
  readonly problems: readonly SearchProblem[];
  /** The text is nothing but the id of a task. */
  readonly id: string | null;
}

const ID = /^[0-9A-Za-z_-]{26}$/;

/** A search as a request to the server. What cannot be searched for is a problem under its word, never overlooked. */
export function parseSearch(text: string, now: number): Search {
  const tokens = tokenize(text);
  const request: ListTasksRequestJson = {};
  const problems: SearchProblem[] = [];
  const [only] = tokens;
  if (tokens.length === 1 && only?.key === "" && ID.test(only.value)) return { request, problems, id: only.value };
  const words = tokens.filter(({ key, negated }) => key === "" && !negated);
  for (const token of tokens) {
    const message = words.includes(token) ? undefined : applyToken(request, token, now);
    const wrong = token.open ? 'A quote is not closed: add ".' : message;
    if (wrong !== undefined) problems.push({ start: token.start, end: token.end, message: wrong });
  }
  if (words.length > 0) {
    // Bare words are the name, as it is written between them.
    const wrong = findField("name")?.apply(request, words.map(({ value }) => value).join(" "), now);
    const [first] = words;
    if (wrong !== undefined) problems.push({ start: first?.start ?? 0, end: words.at(-1)?.end ?? 0, message: wrong });
  }
  return { request, problems, id: null };
}

function applyToken(request: ListTasksRequestJson, token: Token, now: number): string | undefined {
  if (token.negated) return "Leaving out with - is not possible yet: say what you want to see instead.";
  const field = findField(token.key);
  if (field === undefined) {
    const known = FIELDS.map(({ name }) => name).join(", ");
    return `Tasks cannot be searched by ${JSON.stringify(token.key)}; they can by ${known}.`;
  }
  if (token.value === "") return `Say what ${field.name} is to be, e.g. ${field.example}.`;
  return field.apply(request, token.value, now);
}
