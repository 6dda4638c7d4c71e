import type { DescService } from "@bufbuild/protobuf";
import { Command } from "@oclif/core/command";
import * as Flags from "@oclif/core/flags";
import type { Input, ParserOutput } from "@oclif/core/interfaces";
import { readSettings } from "../runtime/settings.ts";
import { addressList } from "../runtime/settings-parse.ts";
import type { Settings } from "../runtime/settings-table.ts";
import type { Connection, ServiceClient } from "../sdk/typescript/connection-types.ts";
import { connect } from "./connect.ts";
import { reportError, UsageError } from "./errors.ts";
import { nameFlags } from "./name-flags.ts";
import { jsonLine, jsonText } from "./render/json-text.ts";
import { writeAll } from "./write-all.ts";

/** Values by the name of their flag or argument, as oclif types them. */
type Output = { [name: string]: unknown };

/** One address or several, as TSS_COORDINATOR has them. */
function readAddress(text: string): string {
  try {
    return addressList(text);
  } catch (error) {
    throw new UsageError(`"${text}" ${(error as Error).message}`);
  }
}

/** What every command of `tss` has: settings, a connection, `--json`, and one way to end with an error. */
export abstract class TssCommand extends Command {
  static override enableJsonFlag = true;
  static override baseFlags = {
    coordinator: Flags.custom<string>({
      helpGroup: "GLOBAL",
      helpValue: "HOST:PORT,…",
      description: "coordinator to call, or several of one system, in place of TSS_COORDINATOR",
      parse: async (text) => readAddress(text),
    })(),
  };

  #connection: Connection | undefined;
  #coordinator: string | undefined;
  #settings: Settings | undefined;

  protected override async parse<F extends Output, B extends Output, A extends Output>(
    options?: Input<F, B, A>,
    argv?: string[],
  ): Promise<ParserOutput<F, B, A>> {
    // oclif reminds the author of a command that was never parsed; a line that cannot be parsed is not that.
    this.parsed = true;
    const output = await super.parse(options, argv);
    this.#coordinator = (output.flags as { coordinator?: string }).coordinator;
    return output;
  }

  /** The settings, with `--coordinator` above TSS_COORDINATOR. @throws SettingsError naming every problem. */
  protected get settings(): Settings {
    if (this.#settings !== undefined) return this.#settings;
    const settings = readSettings();
    const coordinator = this.#coordinator ?? settings.TSS_COORDINATOR;
    this.#settings = { ...settings, TSS_COORDINATOR: coordinator };
    return this.#settings;
  }

  /** A client of one service; the connection is made with the first call, which fails at once when nobody listens. */
  protected async service<S extends DescService>(service: S): Promise<ServiceClient<S>> {
    this.#connection ??= await connect(this.settings);
    return this.#connection.service(service);
  }

  /** Text for people on stdout; nothing with `--json`. */
  protected async print(text: string): Promise<void> {
    if (!this.jsonEnabled()) await writeAll(process.stdout, text);
  }

  /** One line of a stream of documents on stdout; nothing without `--json`. */
  protected async printDocument(value: unknown): Promise<void> {
    if (this.jsonEnabled()) await writeAll(process.stdout, jsonLine(value));
  }

  /** A remark for people on stderr; nothing with `--json`. */
  protected note(text: string): void {
    if (!this.jsonEnabled()) process.stderr.write(`${text}\n`);
  }

  protected override logJson(value: unknown): void {
    process.stdout.write(jsonText(value));
  }

  protected override async catch(error: unknown): Promise<void> {
    const { flags } = this.constructor as typeof TssCommand;
    process.exitCode = reportError(nameFlags(error, new Set(Object.keys(flags ?? {}))), this.jsonEnabled());
  }

  protected override async finally(): Promise<void> {
    this.#connection?.close();
  }
}
