import { afterEach, beforeEach } from "@jest/globals";
import type { Store } from "../../coordinator/ports/store.ts";
import { type EngineHouse, startEngine } from "../support/engine-house.ts";

/** A fresh database for each test. @param openAgain gives the same database to another owner. */
export type OpenFresh = () => Promise<{ openAgain: () => Promise<Store> }>;

/** Owners of the database of the test that runs, each in the place of the one before; closed with the test. */
export function useLockHouses(openFresh: OpenFresh) {
  const houses: EngineHouse[] = [];
  let again: () => Promise<Store>;
  beforeEach(async () => {
    ({ openAgain: again } = await openFresh());
  });
  afterEach(async () => {
    for (const house of houses.splice(0)) await house.close();
  });
  const openAgain = () => again();
  const start = async (config: Parameters<typeof startEngine>[1] = {}, open = openAgain): Promise<EngineHouse> => {
    const house = await startEngine(await open(), config, true);
    houses.push(house);
    return house;
  };
  return { openAgain, start };
}
