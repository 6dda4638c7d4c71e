import { join } from "node:path";
import { ROOT, startProgram, temporaryFolder } from "./run-tss.ts";

export interface RunningGateway {
  /** http://host:port */
  readonly url: string;
  stderr(): string;
  stop(signal?: NodeJS.Signals): Promise<void>;
}

/** The program tss-gateway on a free port; resolves when it listens. */
export async function startGatewayProcess(settings: Readonly<Record<string, string>>): Promise<RunningGateway> {
  const gateway = startProgram(process.execPath, [join(ROOT, "bin/tss-gateway.cjs")], {
    cwd: temporaryFolder(),
    env: { TSS_GATEWAY_LISTEN: "127.0.0.1:0", ...settings },
  });
  await gateway.says("listens on");
  return {
    url: /listens on (\S+)/.exec(gateway.stdout())?.[1] ?? "",
    stderr: gateway.stderr,
    async stop(signal = "SIGTERM") {
      gateway.child.kill(signal);
      await gateway.finished;
    },
  };
}
