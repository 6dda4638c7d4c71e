import { readFileSync } from "node:fs";
import { join } from "node:path";
import { bootId } from "../processes/identity.ts";
import { writeWhole } from "./write-file.ts";

/** When the coordinator last heard of the agents of this directory: for one that adopts what another ran. */
export interface Contact {
  /** Milliseconds since the machine was started. */
  readonly heardTick: number;
  /** Term of the leases. */
  readonly termMs: number;
}

const FILE = "contact.json";

/** Undefined: nobody has written it down since the machine was started. */
export function readContact(directory: string): Contact | undefined {
  try {
    const { boot, heardTick, termMs } = JSON.parse(readFileSync(join(directory, FILE), "utf8"));
    const isKnown = boot === bootId() && Number.isFinite(heardTick) && termMs > 0;
    return isKnown ? { heardTick, termMs } : undefined;
  } catch {
    return undefined;
  }
}

export function writeContact(directory: string, contact: Contact): void {
  try {
    writeWhole(join(directory, FILE), JSON.stringify({ ...contact, boot: bootId() }));
  } catch {
    // A full disk: the next agent takes the time of its own start.
  }
}
