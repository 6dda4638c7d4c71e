import type { FieldViolation } from "../../proto/errors.ts";

/** Fields have the names of the messages at the coordinator; a caller of REST knows them in camelCase. */
export function violationsJson(violations: readonly FieldViolation[]): { field: string; description: string }[] {
  return violations.map(({ field, description }) => ({ field: restField(field), description }));
}

/** The sentence of an error with the names of its fields as REST has them. */
export function restSentence(sentence: string, violations: readonly FieldViolation[]): string {
  return violations.reduce(
    (text, { field, description }) =>
      text.replace(`${field} ${description}`, () => `${restField(field)} ${description}`),
    sentence,
  );
}

/** Names of labels and variables stand in brackets and stay as they are; a payload is its own value in JSON. */
function restField(field: string): string {
  const [path = ""] = /^[a-z_.]+/.exec(field) ?? [];
  const camel = path
    .replace(/(?<=[a-z])_([a-z])/g, (_, letter: string) => letter.toUpperCase())
    .replace(/^payload\.data$/, "payload");
  return camel + field.slice(path.length);
}
