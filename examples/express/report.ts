import { taskType } from "../../sdk/typescript/index.ts";

/** What the route hands off and the worker runs: one definition, imported by both. */
export const buildReport = taskType<{ month: string }, Record<string, number>>("report.build");
