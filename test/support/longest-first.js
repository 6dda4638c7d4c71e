import { createRequire } from "node:module";

// A transitive package of jest, which hands it out under this name.
const { default: Sequencer } = createRequire(import.meta.url)("@jest/test-sequencer");

/** Files that take 20 s and more, the longest first. What begins last ends the run, while other cores stand idle. */
const LONGEST = [
  "sdk/conformance",
  "faults/workers-unharmed",
  "sdk/python",
  "sdk/go",
  "dashboard/access",
  "contract/store-postgres",
  "cluster/",
  "e2e/cluster",
  "faults/",
  "cli/packed",
  "simulation/",
  "e2e/",
  "dashboard/",
];

export default class LongestFirst extends Sequencer {
  sort(tests) {
    const place = ({ path }) => {
      const at = LONGEST.findIndex((part) => path.includes(`/test/${part}`));
      return at < 0 ? LONGEST.length : at;
    };
    return super.sort(tests).sort((a, b) => place(a) - place(b));
  }
}
