import type { Terms } from "./fault.ts";
import type { SystemTerms } from "./start-system.ts";

const PATIENT: SystemTerms = { leaseTtlMs: 15_000, ownerTtlMs: 15_000, agents: 2, slots: 16 };

export const TERMS: Readonly<Record<Terms, SystemTerms>> = {
  patient: PATIENT,
  watchful: { ...PATIENT, ownerTtlMs: 1_500 },
  short: { ...PATIENT, leaseTtlMs: 4_000 },
};
