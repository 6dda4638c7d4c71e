import { createClient } from "../../sdk/typescript/index.ts";
import { countWords } from "./tasks.ts";

const client = createClient();
const task = await client.submit(countWords.task({ text: "to be\nor not to be" }, { retry: { limit: 3 } }));
console.log(`submitted ${task.id}`);
for await (const { status, progress } of task.watch()) console.log(status, progress?.message ?? "");
console.log(await task.result());
await client.close();
