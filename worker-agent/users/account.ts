/** A user of the machine, with what a command of it is given. */
export interface Account {
  /** Empty for a number that has no name. */
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  /** `gid` is what the user has without being asked. */
  readonly isUsualGroup: boolean;
  /** Supplementary groups, without `gid`. */
  readonly groups: readonly number[];
  readonly home: string;
  readonly shell: string;
}

/** A user as people write it: `deploy`, `1001`, `deploy:www-data`. */
export interface AskedUser {
  readonly user: string;
  /** Absent: the user's own. */
  readonly group?: string;
}

export function readAsked(text: string): AskedUser {
  const at = text.indexOf(":");
  return at === -1 ? { user: text } : { user: text.slice(0, at), group: text.slice(at + 1) };
}

export function isNumber(text: string): boolean {
  return /^\d+$/.test(text);
}

/** For people: a name where there is one. */
export function nameOf({ name, uid }: Pick<Account, "name" | "uid">): string {
  return name === "" ? String(uid) : name;
}
