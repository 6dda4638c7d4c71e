import type { TaskRef } from "../kernel/task-ref.ts";
import type { Segment, SegmentRange } from "../ports/store.ts";

/** Segment 0: delayed and carried tasks. */
export const LATER = 0;

/** A stretch of a shard's seqs and the segment that holds it. */
export interface Piece {
  readonly seg: number;
  /** First seq of the stretch. */
  readonly from: number;
  /** First seq after it. */
  readonly until: number;
}

/** Which segment holds which seqs, kept in memory. What no retained segment covers was carried to segment 0. */
export class SegmentMap {
  #segments: Segment[] = [];
  /** 0: none is open yet. */
  #own = 0;
  /** Per shard: stretches of the ring, ascending. */
  #pieces = new Map<number, Piece[]>();
  /** The one that is being emptied; null: none. */
  #emptying: number | null = null;
  /** Emptyings that have begun. */
  #emptyings = 0;

  /** @param own the open segment of this coordinator; absent: as before. */
  load(segments: readonly Segment[], own: number = this.#own): void {
    this.#segments = [...segments].sort((a, b) => a.generation - b.generation);
    this.#own = own;
    this.#rebuild();
  }

  /** Whether every one of these shards has its open stretch in the newest segment, as one owner of them all leaves it. */
  newestCovers(shards: number): boolean {
    const open = this.#segments.at(-1)?.ranges.filter((range) => range.untilSeq === undefined);
    return open?.length === shards;
  }

  get isOpen(): boolean {
    return this.#own !== 0;
  }

  /** The segment that this coordinator's new tasks go to. */
  get open(): Segment {
    const open = this.#segments.find(({ seg }) => seg === this.#own);
    if (open === undefined) throw new Error("no segment is open: the engine has not started");
    return open;
  }

  /** Segments that may have been sealed before a time: only their ends can all be older than it. Oldest first. */
  sealedBefore(time: number): readonly Segment[] {
    return this.#segments.filter((segment, index) => {
      const next = this.#segments[index + 1];
      return segment.seg !== this.#own && next !== undefined && next.openedAt < time;
    });
  }

  opened(segment: Segment): void {
    const ends = new Map(segment.ranges.map((range) => [range.shard, range.fromSeq]));
    const close = (range: SegmentRange) =>
      range.untilSeq === undefined ? { ...range, untilSeq: ends.get(range.shard) } : range;
    this.#segments = this.#segments.map((one) => ({ ...one, ranges: one.ranges.map(close) }));
    this.#segments.push(segment);
    this.#own = segment.seg;
    this.#rebuild();
  }

  /**
   * From now until `settled` a read that finds nothing in this segment says nothing about where its tasks are: it may come
   * back before the word that they were moved.
   */
  emptying(seg: number): void {
    this.#emptying = seg;
    this.#emptyings++;
  }

  settled(): void {
    this.#emptying = null;
  }

  isEmptying(seg: number): boolean {
    return this.#emptying === seg;
  }

  /** To be taken before a read that looks into several segments, and asked after it. */
  mark(): number {
    return this.#emptying === null ? this.#emptyings : -1;
  }

  /** Whether no task can have moved from one segment to another since. */
  isUnmoved(mark: number): boolean {
    return mark === this.#emptyings;
  }

  reclaimed(seg: number): void {
    this.#segments = this.#segments.filter((segment) => segment.seg !== seg);
    this.#rebuild();
  }

  /** Ring segment of a task, or 0 when none covers it. */
  of(shard: number, seq: number): number {
    const pieces = this.#pieces.get(shard);
    if (pieces === undefined) return LATER;
    for (let index = pieces.length - 1; index >= 0; index--) {
      const piece = pieces[index] as Piece;
      if (seq >= piece.from) return seq < piece.until ? piece.seg : LATER;
    }
    return LATER;
  }

  /** Where a task may be: the segment of its seq, then segment 0. */
  candidates(ref: TaskRef): readonly number[] {
    const seg = this.of(ref.shard, ref.seq);
    return seg === LATER ? [LATER] : [seg, LATER];
  }

  /** The stretch that the seq after `afterSeq` lies in; a stretch of segment 0 ends where the next ring segment begins. */
  pieceAfter(shard: number, afterSeq: number): Piece {
    const seq = afterSeq + 1;
    let from = 0;
    for (const piece of this.#pieces.get(shard) ?? []) {
      if (seq < piece.from) return { seg: LATER, from, until: piece.from };
      if (seq < piece.until) return piece;
      from = piece.until;
    }
    return { seg: LATER, from, until: Number.POSITIVE_INFINITY };
  }

  /**
   * Ring segments that were open when `afterSeq` was the newest seq of the shard, or later: those that hold seqs above it,
   * and those in which the shard got none.
   */
  ringAfter(shard: number, afterSeq: number): readonly number[] {
    return (this.#pieces.get(shard) ?? []).filter((piece) => piece.until > afterSeq).map((piece) => piece.seg);
  }

  /** Every segment, newest first, 0 last: the order in which lists look. */
  get newestFirst(): readonly number[] {
    return [...this.#segments.map((segment) => segment.seg).reverse(), LATER];
  }

  #rebuild(): void {
    this.#pieces = new Map();
    // A stretch ends where the next generation's begins, also when that one has been reclaimed: so each knows its own end.
    for (const segment of this.#segments) {
      for (const { shard, fromSeq, untilSeq } of segment.ranges) {
        const pieces = this.#pieces.get(shard) ?? [];
        pieces.push({ seg: segment.seg, from: fromSeq, until: untilSeq ?? Number.POSITIVE_INFINITY });
        this.#pieces.set(shard, pieces);
      }
    }
    // A shard that went to and fro has stretches in segments of several owners.
    for (const pieces of this.#pieces.values()) pieces.sort((a, b) => a.from - b.from);
  }
}
