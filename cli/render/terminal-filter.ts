import { printable } from "./printable.ts";

/** Longest escape sequence that is looked at; a longer one is not a colour. */
const SEQUENCE_LIMIT = 64;

/**
 * Makes a program's output fit for a terminal that is not its own: text, line ends, tabs and colours pass; every other
 * escape sequence (titles, clipboard, cursor, queries, hyperlinks) is dropped and other steering characters are shown.
 * Text may be cut anywhere between two calls.
 */
export interface TerminalFilter {
  push(bytes: Uint8Array): string;
  /** What is left, and the end of a colour that was never switched off. */
  end(): string;
}

type State = "text" | "escape" | "sequence" | "string" | "string-escape";

export function createTerminalFilter(): TerminalFilter {
  const decoder = new TextDecoder();
  let state: State = "text";
  let sequence = "";
  let coloured = false;

  function next(character: string): string {
    switch (state) {
      case "text":
        if (character === "\u001b") state = "escape";
        else if (character === "\u009b") beginSequence();
        else if (STRING_STARTS_8BIT.has(character)) state = "string";
        else return PASSED.has(character) ? character : printable(character);
        return "";
      case "escape":
        if (character === "[") beginSequence();
        else if (STRING_STARTS.has(character)) state = "string";
        else if (character < " " || character > "/") state = character === "\u001b" ? "escape" : "text";
        return "";
      case "sequence":
        return inSequence(character);
      case "string":
        if (character === "\u001b") state = "string-escape";
        else if (character === "\u0007" || character === "\u009c" || character === "\n") state = "text";
        return character === "\n" ? character : "";
      case "string-escape":
        state = character === "\u001b" ? "string-escape" : character === "\\" ? "text" : "string";
        return "";
    }
  }

  function beginSequence(): void {
    state = "sequence";
    sequence = "";
  }

  function inSequence(character: string): string {
    if (character >= "@" && character <= "~") {
      state = "text";
      if (character !== "m" || !/^[0-9;:]*$/.test(sequence) || sequence.length > SEQUENCE_LIMIT) return "";
      coloured = !/^0?$/.test(sequence);
      return `\u001b[${sequence}m`;
    }
    if (character === "\u001b") state = "escape";
    else if (character === "\n") {
      state = "text";
      return character;
    } else if (sequence.length <= SEQUENCE_LIMIT) sequence += character;
    return "";
  }

  const filter = (text: string) => {
    if (state === "text" && !/[^\n\r\t\u0020-\u007e]/.test(text)) return text;
    let result = "";
    for (const character of text) result += next(character);
    return result;
  };
  return {
    push: (bytes) => filter(decoder.decode(bytes, { stream: true })),
    end: () => filter(decoder.decode()) + (coloured ? "\u001b[0m" : ""),
  };
}

const PASSED: ReadonlySet<string> = new Set(["\n", "\r", "\t"]);
/** Device control, start of string, operating system command, privacy message, application command. */
const STRING_STARTS: ReadonlySet<string> = new Set(["P", "X", "]", "^", "_"]);
const STRING_STARTS_8BIT: ReadonlySet<string> = new Set(["\u0090", "\u0098", "\u009d", "\u009e", "\u009f"]);
