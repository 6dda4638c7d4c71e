import { UsageError } from "../errors.ts";
import { AUTHORITY } from "./folder.ts";

/** A name that is also one of files. @throws UsageError that says what is allowed. */
export function fileName(name: string): string {
  if (name === AUTHORITY) throw new UsageError(`"${AUTHORITY}" is the name of the authority; choose another`);
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/.test(name))
    throw new UsageError(`"${name}" is no name; write up to 63 letters, digits, ".", "_" and "-", the first no sign`);
  return name;
}
