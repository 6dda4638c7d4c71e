/** The text cut to at most `bytes` bytes of UTF-8, never within a character. */
export function cutText(text: string, bytes: number): string {
  const encoded = Buffer.from(text, "utf8");
  if (encoded.length <= bytes) return text;
  let end = bytes;
  // Bytes 10xxxxxx continue a character.
  while (end > 0 && ((encoded[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return encoded.toString("utf8", 0, end);
}

/** What may stand in a sentence of a report: one line, without control characters, at most `bytes` long. */
export function oneLine(text: string, bytes: number): string {
  return cutText(text.replace(/[\u0000-\u001f\u007f]+/g, " ").trim(), bytes);
}
