/** How many attempts an agent runs, and how many leases it has asked for. Every function is pure. */
export interface Slots {
  readonly total: number;
  /** Attempts that run or wait to run here. */
  readonly taken: number;
  /** Leases the coordinator may still send. */
  readonly offered: number;
  readonly draining: boolean;
}

export function emptySlots(total: number): Slots {
  return { total, taken: 0, offered: 0, draining: false };
}

/** Leases to ask for now, so that every free slot is offered once. */
export function creditDue(slots: Slots): number {
  return slots.draining ? 0 : Math.max(0, slots.total - slots.taken - slots.offered);
}

export function offer(slots: Slots, count: number): Slots {
  return { ...slots, offered: slots.offered + count };
}

/** A lease came: an offer became a taken slot. One that was not offered is taken all the same and waits its turn. */
export function take(slots: Slots): Slots {
  return { ...slots, taken: slots.taken + 1, offered: Math.max(0, slots.offered - 1) };
}

export function free(slots: Slots): Slots {
  return { ...slots, taken: Math.max(0, slots.taken - 1) };
}

/** No slot is offered until `resume`; leases offered before may still come. */
export function drain(slots: Slots): Slots {
  return { ...slots, draining: true };
}

export function resume(slots: Slots): Slots {
  return { ...slots, draining: false };
}
