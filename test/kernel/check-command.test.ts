import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { expect, test } from "@jest/globals";
import { checkSpec } from "../../coordinator/kernel/check-spec.ts";
import { TaskSpecSchema } from "../../proto/gen/tss/v1/task_pb.js";
import { TASK_LIMITS } from "../../proto/task-limits.ts";

/** What a command asks for beside what it is: a user, limits, secrets. */

type Spec = MessageInitShape<typeof TaskSpecSchema>;
const check = (spec: Spec) => checkSpec(create(TaskSpecSchema, { name: "n", command: "true", ...spec }), 0).list;
const fieldsOf = (spec: Spec) => check(spec).map(({ field }) => field);

test("users and umasks: what the pattern says, and nothing else", () => {
  const long = "u".repeat(64);
  for (const user of [
    "deploy",
    "_apt",
    "0",
    "1001:1002",
    "a.b-c:www-data",
    "host$",
    "u@example.org",
    `${long}:${long}`,
  ])
    expect(fieldsOf({ user })).toEqual([]);
  for (const user of [":a", "a:", "a:b:c", "-a", "a b", "a\n", "a/b", "é", `${long}u`, `a:${long}u`, "$(id)"])
    expect(fieldsOf({ user })).toEqual(["user"]);
  for (const umask of ["0", "22", "022", "0777", "777"]) expect(fieldsOf({ umask })).toEqual([]);
  for (const umask of ["8", "1777", "00022", "u=rwx", "-1", "0o22", "22;id", "22\n"])
    expect(fieldsOf({ umask })).toEqual(["umask"]);
});

test("limits of a task: at the least and the most each passes, one beyond is refused by name, as is any other name", () => {
  for (const [name, { least, most, unit }] of Object.entries(TASK_LIMITS)) {
    expect(fieldsOf({ limits: { [name]: least } })).toEqual([]);
    expect(fieldsOf({ limits: { [name]: most } })).toEqual([]);
    for (const value of [least / 2 - 1, most * 2 + 1, Number.NaN, Number.POSITIVE_INFINITY])
      expect(fieldsOf({ limits: { [name]: value } })).toContain(`limits[${name}]`);
    const half = fieldsOf({ limits: { [name]: least + 1.5 } });
    expect(half).toEqual(unit === "fraction" ? [] : [`limits[${name}]`]);
  }
  for (const name of ["", "cpu", "MEMORY", "toString", "__proto__x"])
    expect(check({ limits: { [name]: 1 } })).toEqual([
      { field: "limits", description: expect.stringContaining("it has memory, pids, cpus, nofile") },
    ]);
});

test("a secret is not given in a name that a shell keeps, nor in one of TSS, nor beside env", () => {
  for (const name of ["UID", "PPID", "_", "TSS_API_KEY", "A"])
    expect(check({ secrets: { [name]: "db" }, env: { A: "1" } })).toEqual([
      {
        field: `secrets[${name}]`,
        description: expect.stringMatching(/shells keep|begin with TSS_|must not be in env/),
      },
    ]);
  expect(check({ secrets: { KEY: "db" }, env: { A: "1" } })).toEqual([]);
});
