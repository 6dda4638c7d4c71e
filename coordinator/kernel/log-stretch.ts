/** A piece of an attempt's output at its place. */
export interface Stretch {
  readonly offset: number;
  readonly data: Uint8Array;
  readonly elided: number;
}

/**
 * Pieces in order of their places, each byte once: a worker that connects anew cuts its output at other places than
 * before, so pieces may overlap.
 */
export function withoutOverlap<T extends Stretch>(pieces: readonly T[]): T[] {
  const result: T[] = [];
  let end = Number.NEGATIVE_INFINITY;
  for (const piece of [...pieces].sort((a, b) => a.offset - b.offset)) {
    const after = piece.offset + piece.data.length;
    if (after <= end) continue;
    const skip = Math.max(end - piece.offset, 0);
    result.push(
      skip === 0 ? piece : { ...piece, offset: piece.offset + skip, data: piece.data.subarray(skip), elided: 0 },
    );
    end = after;
  }
  return result;
}

/** The first pieces until so many bytes have been given; at least one. */
export function firstBytes<T extends Stretch>(pieces: readonly T[], maxBytes: number): T[] {
  let bytes = 0;
  let count = 0;
  for (const piece of pieces) {
    bytes += piece.data.length;
    if (count > 0 && bytes > maxBytes) break;
    count++;
  }
  return pieces.slice(0, count);
}
