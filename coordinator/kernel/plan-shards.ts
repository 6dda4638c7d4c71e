/** A coordinator as the plan sees it. */
export interface Candidate {
  readonly member: number;
  readonly alive: boolean;
  /** It is going: it gives its shards to others and takes none. */
  readonly leaving: boolean;
}

/** Who owns a shard; 0: nobody. */
export interface Owned {
  readonly shard: number;
  readonly member: number;
}

export interface ShardPlan {
  /** Own shards that another should have. */
  readonly release: readonly number[];
  /** Shards to take, with the owner that was seen; that one is dead, or nobody. */
  readonly take: readonly { readonly shard: number; readonly from: number }[];
}

/**
 * What one coordinator does about the shards, from what it sees. All that see the same come to the same division without a
 * word between them: each shard belongs to the living member that draws the highest number for it (rendezvous hashing),
 * so a member that comes or goes moves only its own share. A shard is never taken from an owner that lives: it gives it.
 */
export function planShards(self: number, members: readonly Candidate[], shards: readonly Owned[]): ShardPlan {
  const alive = new Map(members.filter((one) => one.alive).map((one) => [one.member, one]));
  const candidates = [...alive.values()].filter((one) => !one.leaving).map((one) => one.member);
  const release: number[] = [];
  const take: { shard: number; from: number }[] = [];
  for (const { shard, member } of shards) {
    const wanted = ownerOf(shard, candidates);
    if (wanted === undefined) continue;
    if (member === self && wanted !== self) release.push(shard);
    if (member !== self && wanted === self && !alive.has(member)) take.push({ shard, from: member });
  }
  return { release, take };
}

/** The member that should own a shard; undefined: there is none. */
export function ownerOf(shard: number, members: readonly number[]): number | undefined {
  let best: number | undefined;
  let highest = -1;
  for (const member of members) {
    const draw = mix(shard, member);
    if (draw > highest || (draw === highest && member < (best as number))) {
      best = member;
      highest = draw;
    }
  }
  return best;
}

/** 32 well-mixed bits of two numbers; the finaliser of MurmurHash3 (A. Appleby, public domain). */
function mix(shard: number, member: number): number {
  let bits = Math.imul(member, 0x9e3779b1) ^ Math.imul(shard + 1, 0x85ebca77);
  for (let round = 0; round < 2; round++) {
    bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
    bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
    bits ^= bits >>> 16;
  }
  return bits >>> 0;
}
