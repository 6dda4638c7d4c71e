import { expect, test } from "@jest/globals";
import { systemClock } from "../../runtime/clock.ts";
import { silentLogger } from "../../runtime/logger.ts";
import { type Part, type SupervisorOptions, supervise } from "../../runtime/supervisor.ts";

const options: SupervisorOptions = {
  logger: silentLogger,
  clock: systemClock,
  backoff: { growth: "fixed", firstMs: 1, capMs: 1 },
  chance: () => 0,
};

function part(name: string, said: string[], stop: () => void = () => {}): Part {
  return {
    name,
    start() {
      said.push(`start ${name}`);
      return {
        stop() {
          said.push(`stop ${name}`);
          stop();
        },
      };
    },
  };
}

test("parts start in order and stop in reverse", async () => {
  const said: string[] = [];
  const supervisor = await supervise([part("a", said), part("b", said), part("c", said)], options);
  await supervisor.stop();
  await supervisor.stop();
  expect(said).toEqual(["start a", "start b", "start c", "stop c", "stop b", "stop a"]);
});

test("a part that cannot start takes down those before it", async () => {
  const said: string[] = [];
  const bad: Part = {
    name: "bad",
    start() {
      throw new Error("no such database");
    },
  };
  await expect(supervise([part("a", said), bad, part("b", said)], options)).rejects.toThrow("no such database");
  expect(said).toEqual(["start a", "stop a"]);
});

test("every part is stopped, and every error told", async () => {
  const said: string[] = [];
  const fail = (text: string) => (): void => {
    throw new Error(text);
  };
  const parts = [part("a", said, fail("a stays")), part("b", said), part("c", said, fail("c stays"))];
  const supervisor = await supervise(parts, options);
  const error = await supervisor.stop().catch((thrown: AggregateError) => thrown);
  expect(error).toBeInstanceOf(AggregateError);
  expect((error as AggregateError).message).toBe("c stays; a stays");
  expect(said.slice(3)).toEqual(["stop c", "stop b", "stop a"]);
});

test("a fallen part is started again, also when a start fails in between", async () => {
  const falls: ((error: Error) => void)[] = [];
  const third = Promise.withResolvers<void>();
  let starts = 0;
  const flaky: Part = {
    name: "flaky",
    start() {
      starts++;
      if (starts === 2) throw new Error("not yet");
      if (starts === 3) third.resolve();
      const { promise, reject } = Promise.withResolvers<void>();
      falls.push(reject);
      return { ended: promise, stop() {} };
    },
  };
  const supervisor = await supervise([flaky], options);
  falls[0]?.(new Error("fell"));
  await third.promise;
  await supervisor.stop();
  expect(starts).toBe(3);
});

test("a part that keeps falling is given up, and says why", async () => {
  const hopeless: Part = {
    name: "hopeless",
    start: () => ({ ended: Promise.reject(new Error("disk is full")), stop() {} }),
  };
  const supervisor = await supervise([hopeless], { ...options, forgiven: 2 });
  expect((await supervisor.gaveUp).message).toBe("hopeless fell 3 times: disk is full");
  await supervisor.stop();
});

test("a stop does not wait for a pause", async () => {
  const fallen = Promise.withResolvers<void>();
  const slow: Part = { name: "slow", start: () => ({ ended: fallen.promise, stop() {} }) };
  const backoff = { growth: "fixed", firstMs: 86_400_000, capMs: 86_400_000 } as const;
  const supervisor = await supervise([slow], { ...options, backoff });
  fallen.reject(new Error("fell"));
  await new Promise(setImmediate);
  await supervisor.stop();
});
