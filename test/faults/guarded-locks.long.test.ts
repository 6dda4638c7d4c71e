import { expect, test } from "@jest/globals";
import { createClient, LockLostError } from "../../sdk/typescript/index.ts";
import { type Node, startCluster, untilDivided } from "../cluster/cluster-house.ts";
import { until } from "../support/until.ts";

const ACQUIRES = Number(process.env["ACQUIRES"] ?? 100_000);
const NAMES = 16;
const CLIENTS = 64;
/** After so many more acquires the next coordinator is killed. */
const CALM = ACQUIRES / 20;

/** What locks protect: it takes no write with a token that is not above all it has seen. */
class GuardedStore {
  readonly #highest = new Map<string, number>();
  readonly #inside = new Map<string, number>();
  readonly violations: string[] = [];
  refused = 0;

  /** @param lost whether the holder knows that its lock is lost: who writes then is refused, and nothing is wrong. */
  async write(name: string, token: number, lost: () => boolean): Promise<void> {
    if (token <= (this.#highest.get(name) ?? 0)) {
      this.refused++;
      if (!lost()) this.violations.push(`${name}: token ${token} after ${this.#highest.get(name)}`);
      return;
    }
    this.#highest.set(name, token);
    const others = this.#inside.get(name) ?? 0;
    if (others > 0) this.violations.push(`${name}: ${others} others are writing`);
    this.#inside.set(name, others + 1);
    await new Promise((resolve) => setImmediate(resolve));
    this.#inside.set(name, (this.#inside.get(name) ?? 1) - 1);
  }
}

test("a store that is guarded by tokens sees one writer at a time, in order, while coordinators are killed", async () => {
  const cluster = await startCluster(2);
  const address = cluster.nodes.map((node) => node.process.address).join(",");
  const client = createClient({ address, apiKey: cluster.key });
  const store = new GuardedStore();
  let [done, troubles, kills] = [0, 0, 0];
  const work = async (at: number) => {
    while (done < ACQUIRES)
      try {
        await client.withLock(`guarded-${at % NAMES}`, { waitMs: 60_000, ttlMs: 10_000 }, (lock) => {
          done++;
          return store.write(lock.name, lock.token, () => lock.signal.aborted);
        });
      } catch (error) {
        // In doubt, or lost with its coordinator: the next one is another ask.
        if (!(error instanceof LockLostError) && (error as { code?: string }).code === undefined) throw error;
        troubles++;
      }
  };
  const harm = async () => {
    while (done < ACQUIRES) {
      const next = done + CALM;
      await until("locks to be taken", () => done >= Math.min(next, ACQUIRES), 120_000);
      const [victim, other] = cluster.nodes.splice(0) as [Node, Node];
      victim.connection.close();
      await victim.process.stop("SIGKILL");
      kills++;
      cluster.nodes.push(other);
      await untilDivided(cluster.nodes);
      await cluster.join(victim.process.address);
      await untilDivided(cluster.nodes);
    }
  };
  await Promise.all([harm(), ...Array.from({ length: CLIENTS }, (_, at) => work(at))]);
  await client.close();
  process.stderr.write(
    `${done} acquires, ${kills} coordinators killed, ${troubles} asks failed, ${store.refused} writes refused\n`,
  );
  expect(store.violations).toEqual([]);
  expect(kills).toBeGreaterThan(1);
}, 1_200_000);
