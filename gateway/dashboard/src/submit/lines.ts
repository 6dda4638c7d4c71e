/**
 * Text as one line of a list, and back. What would not come back as it was (line ends, quotes at the begin) is written as JSON.
 */
export function writeLine(text: string): string {
  return text === "" || /^"|[\r\n]/.test(text) ? JSON.stringify(text) : text;
}

export function readLine(line: string): string {
  if (!line.startsWith('"')) return line;
  try {
    return String(JSON.parse(line));
  } catch {
    return line;
  }
}
