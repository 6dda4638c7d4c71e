import type { Settings } from "../runtime/settings-table.ts";
import { isLoopback } from "../sdk/typescript/connection/local-connection.ts";

/** What this agent is willing to run. A coordinator cannot widen it. */
export type Policy =
  | { readonly kind: "everything" }
  /** Programs by name or path, each run without a shell. */
  | { readonly kind: "named"; readonly programs: ReadonlySet<string>; readonly because: string };

/** Shells: an agent that names one runs any line. */
const SHELLS = ["sh", "/bin/sh"];

/**
 * Reads TSS_AGENT_ALLOW. Nothing named: everything for a coordinator on this host, which only its users can reach, and
 * nothing for one elsewhere.
 */
export function readPolicy(settings: Pick<Settings, "TSS_AGENT_ALLOW" | "TSS_COORDINATOR">): Policy {
  const named = settings.TSS_AGENT_ALLOW;
  if (named.includes("*") || SHELLS.some((shell) => named.includes(shell))) return { kind: "everything" };
  if (named.length > 0)
    return { kind: "named", programs: new Set(named), because: `its TSS_AGENT_ALLOW names only ${named.join(", ")}` };
  if (isLoopback(settings.TSS_COORDINATOR)) return { kind: "everything" };
  return {
    kind: "named",
    programs: new Set(),
    because: `its coordinator ${settings.TSS_COORDINATOR} is on another host and its TSS_AGENT_ALLOW names nothing`,
  };
}

/** Names that make a named program load or run something else. */
const REDIRECTING =
  /^(PATH|IFS|ENV|BASH_ENV|SHELLOPTS|BASHOPTS|PS4|LD_.*|DYLD_.*|GCONV_PATH|NODE_OPTIONS|NODE_PATH|PYTHON.*|PERL5.*|PERLLIB|RUBY.*|JAVA_TOOL_OPTIONS|_JAVA_OPTIONS|JDK_JAVA_OPTIONS|GIT_.*|EDITOR|VISUAL|PAGER|BROWSER)$/;

/** A name of `env` that an agent with named programs does not take from a task; undefined: all may pass. */
export function forbiddenVariable(env: Readonly<Record<string, string>>): string | undefined {
  return Object.keys(env).find((name) => REDIRECTING.test(name) || name.startsWith("BASH_FUNC_"));
}
