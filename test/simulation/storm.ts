import type { House } from "./house.ts";
import type { Ledger } from "./ledger.ts";
import { SimWorker } from "./worker.ts";

/** Plans the faults of a history: each at a moment of its own. */
export function brew(house: House, ledger: Ledger, workers: SimWorker[]): void {
  const { world, plan } = house;
  const { chance } = world;
  const { weather } = plan;
  const times = (count: number, what: string, fault: () => void) => {
    for (let time = 0; time < count; time++)
      world.after(chance.between(200, weather.stormMs), what, () => {
        if (house.stormy) fault();
      });
  };
  const one = () => (house.living.length === 0 ? null : chance.pick(house.living));
  times(weather.crashes, "a crash", () => one()?.process.kill());
  times(weather.stops, "a coordinator is stopped", () => one()?.process.stop(chance.between(100, 6_000)));
  times(weather.takeovers, "a takeover", () => {
    // What is taken over from is often one that is stopped.
    if (chance.odds(0.5)) one()?.process.stop(chance.between(500, 5_000));
    house.launch(true);
  });
  times(weather.restarts, "a restart in good order", () => {
    const coordinator = one();
    const { process, engine } = coordinator ?? {};
    process?.step(0, `${process.name} is told to end`, () => void engine?.stop().then(() => process.kill()));
  });
  times(weather.outages, "an outage", () => house.outage(chance.between(50, 5_000)));
  times(weather.clockSteps, "the clock is set", () => {
    house.wallMs = chance.between(-5_000, 5_000);
  });
  times(weather.cuts, "a stream breaks", () => chance.pick(workers).connection?.cut());
  times(weather.workerStops, "a worker is stopped", () =>
    chance.pick(workers).process.stop(chance.between(100, 6_000)),
  );
  times(weather.workerDeaths, "a worker dies", () => {
    const place = chance.below(workers.length);
    const { process } = workers[place] as SimWorker;
    process.kill();
    // Another takes its place; what the first one held nobody can report.
    workers[place] = new SimWorker(house, ledger, `${process.name}'`);
  });
}
