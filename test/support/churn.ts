// Allocates as a coordinator under load does: much that is soon gone, some that stays. Prints the peak of the young
// generation in MiB. With "bounded" its growth is bounded first.
import { getHeapSpaceStatistics } from "node:v8";
import { boundYoungGeneration } from "../../runtime/young-generation.ts";

if (process.argv[2] === "bounded") boundYoungGeneration();
let peak = 0;
let living: object[] = [];
for (let turn = 0; turn < 300; turn++) {
  for (let made = 0; made < 10_000; made++) living.push({ made, turn, text: `task ${made}`, list: [made, turn] });
  if (living.length > 400_000) living = living.slice(200_000);
  const young = getHeapSpaceStatistics().find(({ space_name }) => space_name === "new_space");
  peak = Math.max(peak, young?.physical_space_size ?? 0);
  await new Promise((resolve) => setTimeout(resolve, 5));
}
process.stdout.write(String(Math.round(peak / 1_048_576)));
