export default {
  testEnvironment: "<rootDir>/test/support/leak-environment.ts",
  // Two cores make a database and start programs in their own time; what a test waits for is a signal, not a time.
  testTimeout: 120_000,
  // One more than jest takes by itself: most tests wait for programs they have started.
  maxWorkers: "100%",
  testSequencer: "<rootDir>/test/support/longest-first.js",
  testMatch: ["<rootDir>/**/*.test.ts"],
  testPathIgnorePatterns: ["/node_modules/", "/dist/"],
  modulePathIgnorePatterns: ["<rootDir>/dist/", "<rootDir>/.cache/"],
  extensionsToTreatAsEsm: [".ts"],
  transform: {
    "^.+\\.ts$": [
      "@swc/jest",
      { jsc: { target: "es2024", parser: { syntax: "typescript" } }, module: { type: "es6" }, sourceMaps: "inline" },
    ],
  },
};
