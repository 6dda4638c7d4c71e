import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** `npm run proto:check`: the protos pass lint and format, and proto/gen is what they generate. */
const root = join(import.meta.dirname, "..");
const buf = join(root, "node_modules/.bin/buf");
const run = (...args: string[]) => execFileSync(buf, args, { cwd: root, stdio: "inherit" });

run("lint");
run("format", "--diff", "--exit-code");

const folder = mkdtempSync(join(tmpdir(), "tss-proto-"));
try {
  for (const name of ["buf.yaml", "buf.gen.yaml", "proto"])
    cpSync(join(root, name), join(folder, name), { recursive: true, filter: (path) => !path.includes("proto/gen") });
  const path = `${join(root, "node_modules/.bin")}:${process.env["PATH"]}`;
  execFileSync(buf, ["generate"], { cwd: folder, stdio: "inherit", env: { ...process.env, PATH: path } });
  const files = (base: string) =>
    readdirSync(join(base, "proto/gen"), { recursive: true, encoding: "utf8" })
      .filter((name) => /\.(js|d\.ts)$/.test(name))
      .sort();
  const [made, kept] = [files(folder), files(root)];
  const different = [...new Set([...made, ...kept])].filter(
    (name) =>
      !made.includes(name) ||
      !kept.includes(name) ||
      !readFileSync(join(folder, "proto/gen", name)).equals(readFileSync(join(root, "proto/gen", name))),
  );
  if (different.length > 0) {
    console.error(
      `proto/gen is not what the protos generate (run npm run proto:generate):\n  ${different.join("\n  ")}`,
    );
    process.exitCode = 1;
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
