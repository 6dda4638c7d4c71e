import { type FieldViolation, TssError } from "../../proto/errors.ts";
import { spanText } from "../../runtime/span-text.ts";
import { byteLength, lineProblem, textProblem } from "./text.ts";

/** Problems that the sentence itself names. */
const SAID = 3;

/** Collects what is wrong with a request, field by field; the error names the first few and carries all. */
export class Violations {
  readonly list: FieldViolation[] = [];

  add(field: string, description: string | null): void {
    if (description !== null) this.list.push({ field, description });
  }

  line(field: string, text: string, min: number, max: number): void {
    this.add(field, lineProblem(text, min, max));
  }

  /** A text of any shape, bounded in bytes. */
  text(field: string, text: string, maxBytes: number): void {
    this.add(field, textProblem(text));
    this.bytes(field, byteLength(text), maxBytes);
  }

  bytes(field: string, length: number, max: number): void {
    if (length > max) this.add(field, `must be at most ${max} bytes (it is ${length})`);
  }

  count(field: string, count: number, min: number, max: number): void {
    if (count < min) this.add(field, min === 1 ? "must not be empty" : `must have at least ${min} items`);
    if (count > max) this.add(field, `must have at most ${max} items (it has ${count})`);
  }

  number(field: string, value: number, min: number, max: number): void {
    if (!(value >= min && value <= max)) this.add(field, `must be from ${min} to ${max} (it is ${value})`);
  }

  /** Like a number, in ms, and told as people write it: "30d". */
  span(field: string, ms: number, min: number, max: number): void {
    if (!(ms >= min && ms <= max))
      this.add(field, `must be from ${spanText(min)} to ${spanText(max)} (it is ${spanText(ms)})`);
  }

  /** @throws TssError INVALID_ARGUMENT when anything was found. */
  check(): void {
    const error = this.error();
    if (error !== null) throw error;
  }

  error(): TssError | null {
    if (this.list.length === 0) return null;
    const said = this.list.slice(0, SAID).map(({ field, description }) => `${field} ${description}`);
    const more = this.list.length > SAID ? ` (and ${this.list.length - SAID} more)` : "";
    const sentence = said.join("; ") + more;
    return new TssError("INVALID_ARGUMENT", sentence.endsWith("?") ? sentence : `${sentence}.`, {
      reason: "INVALID_FIELD",
      violations: this.list,
    });
  }
}
