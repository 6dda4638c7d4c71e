/**
 * "checkout" when the sources run as they are, "release" in what `npm run build` writes (the build replaces this file's
 * value). A release refuses TSS_FAILPOINT.
 */
export const BUILD: "checkout" | "release" = "checkout";
