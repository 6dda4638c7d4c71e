import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { TaskSpec } from "../../../proto/gen/tss/v1/task_pb.js";
import { closedTo } from "../../journal/given-folder.ts";
import { nameOf } from "../../users/account.ts";
import { chooseUser, type UserPolicy } from "../../users/choose-user.ts";
import type { OtherUser } from "./as-user.ts";

/** Whom a command runs as, and where. */
export interface RunAs {
  readonly kind: "as";
  readonly user: OtherUser | undefined;
  readonly directory: string;
}

export async function runAs(
  users: UserPolicy,
  { user: asked, workingDirectory }: Pick<TaskSpec, "user" | "workingDirectory">,
  taskPath: string,
): Promise<RunAs | { readonly kind: "refused"; readonly message: string }> {
  const user = await chooseUser(users, asked);
  if (user.kind === "refused") return user;
  if (user.kind === "own") return { kind: "as", user: undefined, directory: resolve(workingDirectory) };
  const { account } = user;
  const closed = closedTo(dirname(dirname(taskPath)), account);
  if (closed !== undefined)
    return {
      kind: "refused",
      message: `Agent ${users.agentName} cannot run a command as "${nameOf(account)}": that user may not go through ${closed}, where the agent keeps files of tasks; set TSS_WORKER_DIR to a directory such as /var/lib/tss-agent there.`,
    };
  const home = existsSync(account.home) ? account.home : "/";
  return { kind: "as", user, directory: resolve(home, workingDirectory) };
}
