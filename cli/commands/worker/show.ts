import * as Args from "@oclif/core/args";
import { TssError } from "../../../proto/errors.ts";
import { WorkerRegistryService, WorkerSchema } from "../../../proto/gen/tss/v1/operator_service_pb.js";
import { TssCommand } from "../../base-command.ts";
import { findSession } from "../../find-worker.ts";
import { painterFor } from "../../render/color.ts";
import { messageJson } from "../../render/message-json.ts";
import { workerDetail } from "../../render/worker-table.ts";

export default class WorkerShow extends TssCommand {
  static override summary = "show a worker and what it holds";
  static override description = "Shows a worker: its host, slots, labels and resources, and the tasks it holds.";
  static override examples = ["<%= config.bin %> worker show build-7"];
  static override args = { worker: Args.string({ description: "session or name of the worker", required: true }) };

  async run(): Promise<unknown> {
    const { args } = await this.parse(WorkerShow);
    const registry = await this.service(WorkerRegistryService);
    const { worker } = await registry.getWorker({ sessionId: await findSession(registry, args.worker) });
    if (worker === undefined) throw new TssError("NOT_FOUND", `The worker "${args.worker}" is gone.`);
    await this.print(`${workerDetail(worker, Date.now(), painterFor(process.stdout)).join("\n")}\n`);
    return messageJson(WorkerSchema, worker);
  }
}
