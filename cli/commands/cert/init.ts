import { TssCommand } from "../../base-command.ts";
import { madeJson } from "../../cert/facts-json.ts";
import { certFlags } from "../../cert/flags.ts";
import { AUTHORITY, requireFree, writePair } from "../../cert/folder.ts";
import { printable } from "../../render/printable.ts";

export default class CertInit extends TssCommand {
  static override summary = "make an authority for TLS";
  static override description =
    "Makes an authority that signs the certificates of coordinators, gateways, agents and clients: ca.crt, which everybody " +
    "may have, and ca.key (mode 0600), which should leave this machine only for the safe.";
  static override examples = ["<%= config.bin %> cert init", "<%= config.bin %> cert init --dir /etc/tss/tls"];
  static override flags = certFlags(3_650);

  async run(): Promise<unknown> {
    const { flags } = await this.parse(CertInit);
    requireFree(flags.dir, AUTHORITY, flags.force);
    const { makeAuthority, validForDays } = await import("../../../runtime/tls/issue.ts");
    const made = writePair(flags.dir, AUTHORITY, await makeAuthority(validForDays(flags.days)));
    await this.print(
      `${printable(made.facts.name)} is in ${printable(made.cert)}; keep ${printable(made.key)} to yourself.\n`,
    );
    return madeJson(made);
  }
}
