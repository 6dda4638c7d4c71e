import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach } from "@jest/globals";
import { silentLogger } from "../../runtime/logger.ts";
import { readSettings } from "../../runtime/settings.ts";
import { type Agent, startAgent } from "../../worker-agent/agent.ts";
import type { SecretSource } from "../../worker-agent/secrets.ts";
import { createFakeCoordinator, type FakeCoordinator } from "./fake-coordinator.ts";
import { knownSecrets } from "./known-secrets.ts";

export interface AgentHouse {
  readonly agent: Agent;
  readonly coordinator: FakeCoordinator;
  readonly directory: string;
}

export interface HouseOptions {
  readonly settings?: Readonly<Record<string, string>>;
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly secrets?: SecretSource;
  readonly leaseTtlMs?: number;
  readonly directory?: string;
}

const closers: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** A directory that is gone when the test is over. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "tss-agent-"));
  closers.push(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

export function closeLater(close: () => Promise<void> | void): void {
  closers.push(close);
}

/** The agent finishes what runs and leaves. */
export async function leave(agent: Agent): Promise<void> {
  await agent.drain(new AbortController().signal);
  await agent.close();
}

/** An agent before a fake coordinator; both are closed when the test is over. */
export async function openHouse(options: HouseOptions = {}): Promise<AgentHouse> {
  const directory = options.directory ?? temporaryDirectory();
  const coordinator = createFakeCoordinator(options.leaseTtlMs);
  const settings = readSettings(
    { TSS_WORKER_DIR: directory, TSS_WORKER_NAME: "hand", TSS_WORKER_SLOTS: "4", ...options.settings },
    "",
  );
  const agent = await startAgent({
    settings,
    openSession: coordinator.open,
    secrets: options.secrets ?? knownSecrets(),
    logger: silentLogger,
    version: "test",
    environment: options.environment ?? { PATH: process.env["PATH"] },
  });
  closeLater(() => agent.close());
  return { agent, coordinator, directory };
}
