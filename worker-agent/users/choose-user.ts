import { type Account, type AskedUser, isNumber, readAsked } from "./account.ts";
import { findGroup, findUser, groupsOf } from "./account-files.ts";
import type { UserSwitch } from "./user-switch.ts";

/** Whom a command runs as. */
export type ChosenUser =
  /** The agent's own user, and nothing is changed. */
  | { readonly kind: "own" }
  /** @param words go before the program. */
  | { readonly kind: "other"; readonly account: Account; readonly words: readonly string[] }
  | { readonly kind: "refused"; readonly message: string };

/** Whom this agent is willing to run commands as. A coordinator cannot widen it. */
export interface UserPolicy {
  readonly agentName: string;
  readonly own: { readonly uid: number; readonly gid: number };
  /** Of tasks that name none; undefined: the agent's own user. */
  readonly usual: string | undefined;
  /** Whom tasks may ask for. */
  readonly listed: readonly string[];
  readonly switch: UserSwitch | undefined;
}

const OWN: ChosenUser = { kind: "own" };
const ROOT = 0;
/** The kernel takes it, and all above it, for "leave it as it is". */
const NO_ID = 2 ** 32 - 1;

/** @param asked what the task says; "": nothing. */
export async function chooseUser(policy: UserPolicy, asked: string): Promise<ChosenUser> {
  const text = asked === "" ? (policy.usual ?? "") : asked;
  if (text === "") return OWN;
  const { agentName, own, usual } = policy;
  const wanted = readAsked(text);
  const found = await findAccount(wanted);
  const isOwn = typeof found !== "string" && found.account.uid === own.uid && found.account.gid === own.gid;
  if (isOwn && own.uid !== ROOT) return OWN;
  if (own.uid !== ROOT)
    return refuse(
      `Agent ${agentName} runs no command as "${text}": it is not root and keeps to its own user. An agent of root runs it where TSS_AGENT_USERS names that user.`,
    );
  if (asked !== "" && asked !== usual && !isListed(policy.listed, wanted, found))
    return refuse(notListed(policy, text));
  if (typeof found === "string") return refuse(`${found} on agent ${agentName}.`);
  if (isOwn) return OWN;
  const words = policy.switch?.(found.account);
  return words === undefined
    ? refuse(
        `Agent ${agentName} cannot run a command as "${text}": it finds no program that changes to that user; install util-linux (setpriv) there.`,
      )
    : { kind: "other", account: found.account, words };
}

interface FoundAccount {
  readonly account: Account;
  /** It is not among the groups of the user. */
  readonly isForeignGroup: boolean;
}

/** What is there by that name, or what is wrong with it, as the beginning of a sentence. */
async function findAccount({ user, group }: AskedUser): Promise<FoundAccount | string> {
  if (isNumber(user) && Number(user) >= NO_ID) return `There is no user ${user}`;
  if (group !== undefined && isNumber(group) && Number(group) >= NO_ID) return `There is no group ${group}`;
  const entry = await findUser(user);
  const gid = group === undefined ? undefined : await findGroup(group);
  if (group !== undefined && gid === undefined) return `There is no group "${group}"`;
  if (entry === undefined) {
    if (!isNumber(user)) return `There is no user "${user}"`;
    if (gid === undefined) return `User ${user} has no name, so its group has to be given (${user}:GROUP)`;
    const account = { name: "", uid: Number(user), gid, isUsualGroup: false, groups: [], home: "/", shell: "/bin/sh" };
    return { account, isForeignGroup: true };
  }
  const groups = await groupsOf(entry);
  const { gid: usualGid, ...rest } = entry;
  if (gid === undefined || gid === usualGid)
    return { account: { ...rest, gid: usualGid, isUsualGroup: true, groups }, isForeignGroup: false };
  const others = [usualGid, ...groups].filter((one) => one !== gid);
  return { account: { ...rest, gid, isUsualGroup: false, groups: others }, isForeignGroup: !groups.includes(gid) };
}

/** A list names a user by name or number; a group that is not the user's own only together with it. */
function isListed(listed: readonly string[], wanted: AskedUser, found: FoundAccount | string): boolean {
  return listed.map(readAsked).some(({ user, group }) => {
    if (typeof found === "string") return user === wanted.user;
    const { account, isForeignGroup } = found;
    const isUser = user === "*" ? account.uid !== ROOT : user === account.name || user === String(account.uid);
    if (!isUser) return false;
    return !isForeignGroup || (group !== undefined && (group === wanted.group || group === String(account.gid)));
  });
}

function notListed({ agentName, listed }: UserPolicy, text: string): string {
  const names = listed.length === 0 ? "names nobody" : `names only ${listed.join(", ")}`;
  return `Agent ${agentName} runs no command as "${text}" because its TSS_AGENT_USERS ${names}; add it there.`;
}

function refuse(message: string): ChosenUser {
  return { kind: "refused", message };
}
