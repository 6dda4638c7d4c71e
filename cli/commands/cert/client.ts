import * as Args from "@oclif/core/args";
import { TssCommand } from "../../base-command.ts";
import { madeJson } from "../../cert/facts-json.ts";
import { fileName } from "../../cert/file-name.ts";
import { certFlags } from "../../cert/flags.ts";
import { printable } from "../../render/printable.ts";

export default class CertClient extends TssCommand {
  static override summary = "make a certificate for a caller";
  static override description =
    "Makes a certificate for an agent, a gateway or a program that calls a coordinator with TSS_TLS_CLIENT_CA: " +
    "TSS_TLS_CLIENT_CERT and TSS_TLS_CLIENT_KEY. It opens the door; what its caller may do is said by the API key.";
  static override examples = [
    "<%= config.bin %> cert client gateway",
    "<%= config.bin %> cert client build-7 --days 30 --dir /etc/tss/tls",
  ];
  static override args = { name: Args.string({ description: "who calls with it", required: true }) };
  static override flags = certFlags(365);

  async run(): Promise<unknown> {
    const { args, flags } = await this.parse(CertClient);
    const file = fileName(args.name);
    const { dir, days, force } = flags;
    const { sign } = await import("../../cert/sign.ts");
    const made = await sign({ dir, days, force, file, name: args.name, use: "client" });
    await this.print(`${printable(made.cert)} is for ${printable(args.name)}; its key is ${printable(made.key)}.\n`);
    return madeJson(made);
  }
}
