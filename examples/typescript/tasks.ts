import { taskType } from "../../sdk/typescript/index.ts";

/** What the web program hands off and the worker runs: one definition, imported by both. */
export const countWords = taskType<{ text: string }, { words: number }>("text.count-words");
