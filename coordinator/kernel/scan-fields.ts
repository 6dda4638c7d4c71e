/**
 * Whether a protobuf message has a top-level field, without decoding it: tags are read, values skipped. For bytes that were
 * decoded once before.
 */
export function hasField(message: Uint8Array, field: number): boolean {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = message[at++] ?? 0;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 128;
    }
  };
  while (at < message.length) {
    const tag = varint();
    if (Math.floor(tag / 8) === field) return true;
    switch (tag % 8) {
      case 0:
        varint();
        break;
      case 1:
        at += 8;
        break;
      case 2: {
        const length = varint();
        at += length;
        break;
      }
      case 5:
        at += 4;
        break;
      default:
        return false;
    }
  }
  return false;
}

/** Field numbers of TaskSpec that the engine asks for before it decodes one. */
export const SPEC_FIELD = { heartbeatTimeout: 14 } as const;
