import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { buf, keepsContract, packageVersion, RELEASED, recordedVersion } from "./released-contract.ts";

/**
 * `npm run proto:release`, once for each release, after the version in package.json was raised: records the contract as
 * proto/released/VERSION.binpb in place of the one before. What a release promised is not rewritten, and a release that
 * breaks the one before needs `--breaking`.
 */
function record(version: string, breaking: boolean): string | undefined {
  mkdirSync(RELEASED, { recursive: true });
  const before = recordedVersion();
  if (before === version && !breaking)
    return `The contract of ${version} is recorded already; raise the version in package.json first.`;
  if (before !== undefined && !breaking && !keepsContract(before))
    return `The contract of ${before} is broken by the lines above; if that is meant, add --breaking.`;
  for (const file of readdirSync(RELEASED)) rmSync(join(RELEASED, file));
  if (!buf("build", "--exclude-source-info", "-o", join(RELEASED, `${version}.binpb`)))
    return "The protos do not build.";
  console.log(`The contract of ${version} is recorded.`);
  return undefined;
}

const problem = record(packageVersion(), process.argv.includes("--breaking"));
if (problem !== undefined) {
  console.error(problem);
  process.exitCode = 1;
}
