import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { alertsText } from "./alert-rules.ts";
import { boardText } from "./grafana-board.ts";

/** Files of this folder that are made, and what they say. */
export const MADE: Readonly<Record<string, () => string>> = {
  "alerts.yaml": alertsText,
  "grafana-board.json": boardText,
};

if (process.argv[1] === import.meta.filename)
  for (const [file, text] of Object.entries(MADE)) writeFileSync(join(import.meta.dirname, file), text());
