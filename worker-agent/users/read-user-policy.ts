import { userInfo } from "node:os";
import { TssError } from "../../proto/errors.ts";
import type { Settings } from "../../runtime/settings-table.ts";
import { chooseUser, type UserPolicy } from "./choose-user.ts";
import { findUserSwitch } from "./user-switch.ts";

type UserSettings = Pick<Settings, "TSS_AGENT_USER" | "TSS_AGENT_USERS">;

/** Whether tasks may run as others than the agent. */
export function hasOthers({ TSS_AGENT_USER: usual, TSS_AGENT_USERS: listed }: UserSettings): boolean {
  return usual !== undefined || listed.length > 0;
}

/**
 * Reads TSS_AGENT_USER and TSS_AGENT_USERS.
 * @throws TssError FAILED_PRECONDITION for a user of all tasks that none could run as.
 */
export async function readUserPolicy(settings: UserSettings, agentName: string): Promise<UserPolicy> {
  const own = { uid: process.geteuid?.() ?? -1, gid: process.getegid?.() ?? -1 };
  const others = hasOthers(settings) && own.uid === 0;
  const policy: UserPolicy = {
    agentName,
    own,
    usual: settings.TSS_AGENT_USER,
    listed: settings.TSS_AGENT_USERS,
    switch: others ? await findUserSwitch(process.env["PATH"] ?? "") : undefined,
  };
  const usual = await chooseUser(policy, "");
  if (usual.kind === "refused")
    throw new TssError("FAILED_PRECONDITION", `TSS_AGENT_USER cannot be used: ${usual.message}`);
  return policy;
}

/** For people: whom commands run as. */
export function usersSentence({ usual, listed }: UserPolicy): string {
  const others = listed.length === 0 ? "" : `, or as one of TSS_AGENT_USERS (${listed.join(", ")}) that the task names`;
  return `Commands run as ${usual ?? ownName()}${others}.`;
}

function ownName(): string {
  try {
    return userInfo().username;
  } catch {
    return `user ${process.geteuid?.()}`;
  }
}
