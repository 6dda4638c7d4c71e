import { isDeepStrictEqual } from "node:util";

type Members = Readonly<Record<string, unknown>>;

const OPERATORS: Readonly<Record<string, (value: unknown, operand: unknown) => boolean>> = {
  $re: (value, operand) => typeof value === "string" && new RegExp(String(operand), "s").test(value),
  $above: (value, operand) => typeof value === "number" && value > Number(operand),
  $any: (value) => value !== undefined,
  $absent: (value) => value === undefined,
  $oneOf: (value, operand) => (operand as unknown[]).some((one) => matches(value, one)),
};

/** Whether a value is as a pattern of scenarios.json says: objects may have more members, lists may not. */
export function matches(value: unknown, pattern: unknown): boolean {
  if (Array.isArray(pattern))
    return (
      Array.isArray(value) &&
      value.length === pattern.length &&
      pattern.every((one, index) => matches(value[index], one))
    );
  if (!isMembers(pattern)) return isDeepStrictEqual(value, pattern);
  const [name = ""] = Object.keys(pattern);
  const operator = OPERATORS[name];
  if (operator !== undefined) return operator(value, pattern[name]);
  return isMembers(value) && Object.entries(pattern).every(([key, one]) => matches(value[key], one));
}

function isMembers(value: unknown): value is Members {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
