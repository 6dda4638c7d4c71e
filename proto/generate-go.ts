import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * `npm run proto:go [-- --check | --if-there]`: makes sdk/go/tsspb from the protos, or says whether it is what they make. Needs Go
 * (without it, --if-there leaves them as they are, and says so); the generators come from its module proxy, in the
 * versions of sdk/go/buf.gen.yaml and go.mod.
 */
const root = join(import.meta.dirname, "..");
const module = join(root, "sdk/go");
const buf = join(root, "node_modules/.bin/buf");
const generate = (...args: string[]) =>
  execFileSync(buf, ["generate", "--template", "buf.gen.yaml", ...args], { cwd: module, stdio: "inherit" });

if (process.argv.includes("--check")) {
  const folder = mkdtempSync(join(tmpdir(), "tss-proto-go-"));
  try {
    generate("--output", folder);
    const files = (base: string) => readdirSync(join(base, "tsspb")).sort();
    const [made, kept] = [files(folder), files(module)];
    const different = [...new Set([...made, ...kept])].filter(
      (name) =>
        !made.includes(name) ||
        !kept.includes(name) ||
        !readFileSync(join(folder, "tsspb", name)).equals(readFileSync(join(module, "tsspb", name))),
    );
    if (different.length > 0) {
      console.error(
        `sdk/go/tsspb is not what the protos generate (run npm run proto:go):\n  ${different.join("\n  ")}`,
      );
      process.exitCode = 1;
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
} else if (process.argv.includes("--if-there") && spawnSync("go", ["version"]).error !== undefined)
  console.error("sdk/go/tsspb is left as it is: there is no Go here. Make it with npm run proto:go where there is.");
else generate();
