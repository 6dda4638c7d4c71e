import type { StatusCode } from "../proto/errors.ts";

/** How `tss` ends. `tss run` and `tss task create --follow` end with the task's own code instead; docs/cli.md explains. */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  auth: 4,
  notFound: 5,
  waitTimeout: 6,
  unavailable: 7,
  interrupted: 130,
} as const;

/** The exit code for a refusal of the coordinator. */
export function exitCodeOf(code: StatusCode): number {
  switch (code) {
    case "INVALID_ARGUMENT":
    case "OUT_OF_RANGE":
      return EXIT.usage;
    case "UNAUTHENTICATED":
    case "PERMISSION_DENIED":
      return EXIT.auth;
    case "NOT_FOUND":
      return EXIT.notFound;
    case "UNAVAILABLE":
    case "DEADLINE_EXCEEDED":
      return EXIT.unavailable;
    default:
      return EXIT.failed;
  }
}
