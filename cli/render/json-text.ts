import { STEERING } from "./printable.ts";

/** One JSON document of several lines, ending in a newline; printing it cannot steer a terminal. */
export function jsonText(value: unknown): string {
  return `${escapeSteering(JSON.stringify(value, null, 2))}\n`;
}

/** One line of NDJSON, newline included. */
export function jsonLine(value: unknown): string {
  return `${escapeSteering(JSON.stringify(value))}\n`;
}

function escapeSteering(json: string): string {
  return json.replace(STEERING, (character) => {
    if (character === "\n") return character;
    return character
      .split("")
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
      .join("");
  });
}
