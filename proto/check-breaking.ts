import { keepsContract, RELEASED, recordedVersion } from "./released-contract.ts";

/**
 * `npm run proto:breaking`: whoever was built against the contract of the last release can use this one. The contract is
 * compared with its image in proto/released, which is in the repository: no history, branch or tag is needed.
 */
const version = recordedVersion();
if (version === undefined) {
  console.error(`There is no recorded contract in ${RELEASED}; npm run proto:release records this one.`);
  process.exitCode = 1;
} else if (keepsContract(version)) console.log(`The contract of ${version} is kept.`);
else {
  console.error(
    `The contract of ${version} is broken by the lines above: keep the old names and numbers and add new ones beside them.`,
  );
  process.exitCode = 1;
}
