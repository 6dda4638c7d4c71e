import { expect, test } from "@jest/globals";
import { formatTraceparent, parseTraceparent, traceOfTask } from "../../runtime/traceparent.ts";

const trace = "4bf92f3577b34da6a3ce929d0e0e4736";
const span = "00f067aa0ba902b7";

test("a traceparent is read and written", () => {
  const text = `00-${trace}-${span}-01`;
  const parsed = parseTraceparent(text);
  expect(parsed).toEqual({ traceId: trace, spanId: span, sampled: true });
  expect(formatTraceparent(parsed as NonNullable<typeof parsed>)).toBe(text);
  expect(parseTraceparent(`00-${trace}-${span}-00`)?.sampled).toBe(false);
  expect(parseTraceparent(`00-${trace}-${span}-fe`)?.sampled).toBe(false);
});

test("a later version is read as far as it is known", () => {
  expect(parseTraceparent(`cc-${trace}-${span}-01-what-follows`)?.traceId).toBe(trace);
});

test.each([
  "",
  "x",
  `00-${trace}-${span}`,
  `00-${trace}-${span}-01-more`,
  `ff-${trace}-${span}-01`,
  `00-${"0".repeat(32)}-${span}-01`,
  `00-${trace}-${"0".repeat(16)}-01`,
  `00-${trace.toUpperCase()}-${span}-01`,
  ` 00-${trace}-${span}-01`,
])("%j is no traceparent", (text) => {
  expect(parseTraceparent(text)).toBeUndefined();
});

test("the trace of a task follows from its id", () => {
  const { traceId, spanId } = traceOfTask("task-1");
  expect(traceOfTask("task-1")).toEqual({ traceId, spanId });
  expect(traceOfTask("task-2").traceId).not.toBe(traceId);
  expect(parseTraceparent(formatTraceparent({ traceId, spanId, sampled: true }))).toBeDefined();
});
