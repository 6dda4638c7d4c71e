import type { RoleJson } from "../../../../proto/gen/tss/v1/operator_service_pb.js";

/** Roles a key may have, least powerful first, and what each may do. */
export const ROLES: readonly { readonly role: RoleJson; readonly does: string }[] = [
  { role: "ROLE_VIEWER", does: "looks at everything" },
  { role: "ROLE_SUBMITTER", does: "also submits, cancels and retries tasks" },
  { role: "ROLE_OPERATOR", does: "also pauses and limits queues, and drains workers" },
  { role: "ROLE_WORKER", does: "takes and reports work, and nothing else" },
  { role: "ROLE_ADMIN", does: "everything, API keys included" },
];

export function roleWord(role: RoleJson | undefined): string {
  return (role ?? "").replace("ROLE_", "").toLowerCase();
}
