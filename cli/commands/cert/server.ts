import { isIP } from "node:net";
import * as Flags from "@oclif/core/flags";
import { TssCommand } from "../../base-command.ts";
import { madeJson } from "../../cert/facts-json.ts";
import { fileName } from "../../cert/file-name.ts";
import { certFlags } from "../../cert/flags.ts";
import { UsageError } from "../../errors.ts";
import { printable } from "../../render/printable.ts";

const DNS_NAME = /^(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i;

export default class CertServer extends TssCommand {
  static override summary = "make a certificate for a coordinator or a gateway";
  static override description =
    "Makes a certificate for the names and addresses a coordinator or a gateway is called by, signed by the authority of " +
    "the folder: TSS_TLS_CERT and TSS_TLS_KEY. Coordinators of one system call each other with it too.";
  static override examples = [
    "<%= config.bin %> cert server --host tss.example.com --host 10.0.0.7",
    "<%= config.bin %> cert server --host localhost --host 127.0.0.1 --name gateway",
  ];
  static override flags = {
    ...certFlags(397),
    host: Flags.string({
      description: "a DNS name or an IP address it is called by",
      required: true,
      multiple: true,
      multipleNonGreedy: true,
    }),
    name: Flags.string({ description: "name of the files, without .crt and .key", default: "server" }),
  };

  async run(): Promise<unknown> {
    const { flags } = await this.parse(CertServer);
    for (const host of flags.host)
      if (isIP(host) === 0 && (host.length > 253 || !DNS_NAME.test(host)))
        throw new UsageError(`"${host}" is neither a DNS name nor an IP address; leave out the port`);
    const { sign } = await import("../../cert/sign.ts");
    const [first = ""] = flags.host;
    const { dir, days, force, host: hosts } = flags;
    const made = await sign({
      dir,
      days,
      force,
      hosts,
      file: fileName(flags.name),
      name: first.slice(0, 64),
      use: "server",
    });
    await this.print(
      `${printable(made.cert)} is for ${printable(hosts.join(", "))}; its key is ${printable(made.key)}.\n`,
    );
    return madeJson(made);
  }
}
