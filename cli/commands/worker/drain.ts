import * as Args from "@oclif/core/args";
import { WorkerRegistryService, WorkerSchema } from "../../../proto/gen/tss/v1/operator_service_pb.js";
import { TssCommand } from "../../base-command.ts";
import { findSession } from "../../find-worker.ts";
import { messageJson } from "../../render/message-json.ts";
import { printable } from "../../render/printable.ts";

export default class WorkerDrain extends TssCommand {
  static override summary = "let a worker finish and take nothing more";
  static override description = "The worker takes nothing more and finishes what it holds.";
  static override examples = ["<%= config.bin %> worker drain build-7"];
  static override args = { worker: Args.string({ description: "session or name of the worker", required: true }) };

  async run(): Promise<unknown> {
    const { args } = await this.parse(WorkerDrain);
    const registry = await this.service(WorkerRegistryService);
    const { worker } = await registry.drainWorker({ sessionId: await findSession(registry, args.worker) });
    const running = worker?.running ?? 0;
    await this.print(
      `${printable(args.worker)} is draining; it still runs ${running} task${running === 1 ? "" : "s"}.\n`,
    );
    return worker === undefined ? {} : messageJson(WorkerSchema, worker);
  }
}
