import { defineConfig } from "vite";

/** Relative addresses, so that the pages work under any path; no source leaves the machine. */
export default defineConfig({
  root: import.meta.dirname,
  base: "./",
  worker: { format: "es" },
  build: {
    outDir: "dist",
    emptyOutDir: true,
    target: "es2022",
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    rolldownOptions: {
      // What several pages use is one file: thirty of 300 bytes each pack worse, by 4 KB, and cost a request each.
      output: { codeSplitting: { groups: [{ name: "common", test: /src\//, minShareCount: 3 }] } },
      // "use client" means something to servers that render React; here it means nothing.
      onLog(level, log, handler) {
        if (log.code !== "MODULE_LEVEL_DIRECTIVE") handler(level, log);
      },
    },
  },
});
