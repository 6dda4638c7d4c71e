import type { ListTasksRequestJson } from "../gen/tss/v1/task_service_pb.js";
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
  // What is left out is left out of what is wanted, wherever it is written.
  for (const token of [...tokens.filter(({ negated }) => !negated), ...tokens.filter(({ negated }) => negated)]) {
    const message = words.includes(token) ? undefined : applyToken(request, token, now);
    const wrong = token.open ? 'A quote is not closed: add ".' : message;
    if (wrong !== undefined) problems.push({ start: token.start, end: token.end, message: wrong });
  }
  if (words.length > 0) {
    // Bare words are the name, as it is written between them.
    const value = words.map((word) => word.value).join(" ");
    const wrong = findField("name")?.apply(request, { value, path: "" }, now);
    const [first] = words;
    if (wrong !== undefined) problems.push({ start: first?.start ?? 0, end: words.at(-1)?.end ?? 0, message: wrong });
  }
  const unlike = problems.length > 0 ? undefined : statusThatCannotFail(request, tokens);
  if (unlike !== undefined) problems.push(unlike);
  return { request, problems: problems.sort((a, b) => a.start - b.start), id: null };
}

function applyToken(request: ListTasksRequestJson, token: Token, now: number): string | undefined {
  // A bare word is a name, also one that is left out.
  const field = findField(token.key === "" ? "name" : token.key);
  if (field === undefined) {
    const known = FIELDS.map(({ name }) => name).join(", ");
    return `Tasks cannot be searched by ${JSON.stringify(token.key)}; they can by ${known}.`;
  }
  if (token.value === "") return `Say what ${field.name} is to be, e.g. ${field.example}.`;
  if (!token.negated) return field.apply(request, token, now);
  return typeof field.leaveOut === "string" ? field.leaveOut : field.leaveOut(request, token);
}

/** Errors and failure groups are of failed tasks, so that this needs not be said; another status alone fits none. */
function statusThatCannotFail(request: ListTasksRequestJson, tokens: readonly Token[]): SearchProblem | undefined {
  const { status, failure, error } = request;
  if (status === undefined || (failure === undefined && error === undefined)) return undefined;
  if (status.includes("TASK_STATUS_FAILED")) {
    delete request.status;
    return undefined;
  }
  const { start = 0, end = 0 } = tokens.find(({ key }) => findField(key)?.name === "status") ?? {};
  return { start, end, message: "Only a failed task has an error: leave this out." };
}
