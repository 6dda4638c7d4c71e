import { type FieldViolation, TssError } from "../../proto/errors.ts";
import { byteLength, lineProblem, textProblem } from "./text.ts";

/** Collects what is wrong with a request, field by field; the error names the first and carries all. */
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

  number(field: string, value: number, min: number, max: number, unit = ""): void {
    if (!(value >= min && value <= max))
      this.add(field, `must be from ${min} to ${max}${unit} (it is ${value}${unit})`);
  }

  /** @throws TssError INVALID_ARGUMENT when anything was found. */
  check(): void {
    const error = this.error();
    if (error !== null) throw error;
  }

  error(): TssError | null {
    const first = this.list[0];
    if (first === undefined) return null;
    const more = this.list.length > 1 ? ` (and ${this.list.length - 1} more)` : "";
    return new TssError("INVALID_ARGUMENT", `${first.field} ${first.description}${more}`, {
      reason: "INVALID_FIELD",
      violations: this.list,
    });
  }
}
