/** A service whose argument names its behaviour; it says on standard output what happens to it. */
import { failpoint } from "../../runtime/failpoint.ts";
import { runService, type Service } from "../../runtime/process.ts";
import { aborted } from "../../runtime/wait.ts";

const behaviour = process.argv[2];
const say = (text: string): void => {
  process.stdout.write(`${text}\n`);
};
const never = new Promise<void>(() => {});

const services: Record<string, () => Service | Promise<Service>> = {
  /** Drains at once. */
  quick: () => ({ drain: async () => say("drain"), stop: () => say("stop") }),
  /** Another process may follow it. */
  followed: () => ({
    handOver: async () => say("hand over"),
    drain: async () => say("drain"),
    stop: () => say("stop"),
  }),
  /** Drains only when it is hurried. */
  patient: () => ({
    async drain(hurry) {
      say("drain");
      await aborted(hurry);
      say("hurry");
    },
    stop: () => say("stop"),
  }),
  /** Never ends by itself. */
  stubborn: () => ({
    drain(hurry) {
      say("drain");
      void aborted(hurry).then(() => say("hurry"));
      return never;
    },
    stop: () => never,
  }),
  unstartable() {
    throw new Error("The database cannot be reached.");
  },
  async slow() {
    say("ready");
    await never;
    return { stop() {} };
  },
  falling: () => ({ ended: Promise.reject(new Error("it fell")), stop: () => say("stop") }),
  throwing() {
    setImmediate(() => {
      throw new Error("nobody\ncatches this");
    });
    return { stop() {} };
  },
  rejecting() {
    void Promise.reject(new Error("nobody catches this"));
    return { stop() {} };
  },
  /** Passes the failpoint `here` at each line of its input. */
  points() {
    process.stdin.on("data", () => {
      try {
        failpoint("here");
        say("passed");
      } catch (error) {
        say((error as Error).message);
      }
    });
    return { stop: () => say("stop") };
  },
};

await runService("sample", async () => {
  const service = await services[behaviour as string]?.();
  if (service === undefined) throw new Error(`no behaviour ${behaviour}`);
  say("ready");
  return service;
});
