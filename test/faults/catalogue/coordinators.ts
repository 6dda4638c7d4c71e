import { StatsService } from "../../../proto/gen/tss/v1/operator_service_pb.js";
import type { Fault, Scene } from "../system/fault.ts";
import type { Coordinator } from "../system/start-system.ts";
import { endsFromNow } from "../system/supervised.ts";

const SHARDS = 64;

/** Resolves when this coordinator owns every shard. */
export async function untilOwnsAll({ until }: Scene, { process: { name }, connection }: Coordinator): Promise<void> {
  const owned = () => connection.service(StatsService).getServerInfo({}, { timeoutMs: 2_000 });
  await until(`${name} to own every shard`, () =>
    owned().then(
      ({ shardsOwned }) => shardsOwned === SHARDS,
      () => false,
    ),
  );
}

/** One coordinator by chance, and the other. */
export function victimOf({ system: { coordinators }, chance }: Scene): readonly [Coordinator, Coordinator] {
  const victim = chance.pick(coordinators);
  return [victim, coordinators.find((one) => one !== victim) as Coordinator];
}

export const COORDINATOR_FAULTS: readonly Fault[] = [
  {
    name: "coordinator-killed",
    says: "kill -9 of one of two coordinators; its supervisor starts it again",
    promise: "the other leases its tasks within 5 s; none is lost, none is started again",
    boundMs: 5_000,
    patienceMs: 90_000,
    terms: "patient",
    async apply(scene) {
      const [victim, other] = victimOf(scene);
      const before = victim.process.starts();
      const ends = endsFromNow(victim.process);
      victim.process.hold();
      victim.process.signal("SIGKILL");
      return {
        parts: [victim],
        hold: () => untilOwnsAll(scene, other),
        async heal() {
          victim.process.release();
          await scene.until("it to be started again", () => victim.process.starts() > before);
        },
        bit: () => (ends()[0] === "SIGKILL" ? [`${victim.process.name} was killed`] : []),
      };
    },
  },
  {
    name: "coordinator-stopped",
    says: "SIGSTOP of one of two coordinators until the other has taken everything over, then SIGCONT",
    promise:
      "the other leases its tasks within its term and 5 s; what it does when it wakes is refused, and it starts anew",
    boundMs: 8_000,
    patienceMs: 120_000,
    terms: "watchful",
    async apply(scene) {
      const [victim, other] = victimOf(scene);
      const before = victim.process.starts();
      victim.process.signal("SIGSTOP");
      return {
        parts: [victim],
        hold: () => untilOwnsAll(scene, other),
        async heal() {
          victim.process.signal("SIGCONT");
          await scene.until("the one that was fenced to end", () => victim.process.starts() > before);
        },
        bit: () => (victim.process.starts() > before ? [`${victim.process.name} was taken over from, and ended`] : []),
      };
    },
  },
  {
    name: "rolling-restart",
    says: "SIGTERM of one coordinator after the other, each when the one before is back",
    promise: "shards are handed over within 1 s; no task is lost, none is started again",
    boundMs: 1_000,
    patienceMs: 150_000,
    terms: "patient",
    async apply(scene) {
      const { coordinators, whole } = scene.system;
      const before = coordinators.map(({ process }) => process.starts());
      const ends = coordinators.map(({ process }) => endsFromNow(process));
      return {
        async hold() {
          for (const [at, { process }] of coordinators.entries()) {
            process.signal("SIGTERM");
            await scene.until("it to be started again", () => process.starts() > (before[at] as number));
            await whole();
          }
        },
        bit: () => coordinators.filter((_, at) => ends[at]?.()[0] === 0).map(({ process }) => `${process.name} left`),
      };
    },
  },
];
