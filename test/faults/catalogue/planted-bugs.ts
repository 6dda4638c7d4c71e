/** Bugs that can be planted in a build that is no release, so that the checker may show that it finds them. */
export interface PlantedBug {
  /** Of the failpoint that plants it. */
  readonly name: string;
  readonly says: string;
  /** The fault under which it shows. */
  readonly under: string;
  /** It is found when one of these rules is reported. */
  readonly rules: readonly string[];
}

export const PLANTED_BUGS: readonly PlantedBug[] = [
  {
    name: "bug.no-gate",
    says: "a message that is sent again is not recognised",
    under: "redis-emptied",
    rules: ["S3"],
  },
  {
    name: "bug.lost-at-once",
    says: "a worker whose connection breaks is taken for lost without waiting for its term",
    under: "links-reset",
    rules: ["L6"],
  },
  {
    name: "bug.ack-before-commit",
    says: "a submit is acknowledged before it is committed",
    under: "everything-killed",
    rules: ["S1"],
  },
  {
    name: "bug.lock-counter",
    says: "tokens of locks are counted in memory, without the epoch of their owner",
    under: "rolling-restart",
    rules: ["K1"],
  },
  {
    name: "bug.any-fence",
    says: "a report or an announcement with an old fencing token is accepted",
    under: "agent-stopped",
    rules: ["L2", "L4", "L5", "L6"],
  },
];
