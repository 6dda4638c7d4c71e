import { LockService } from "../../../proto/gen/tss/v1/lock_service_pb.js";
import { holdLock } from "../../../sdk/typescript/client/hold-lock.ts";
import { TssCommand } from "../../base-command.ts";
import { QuietExit, UsageError } from "../../errors.ts";
import { listenForInterrupts } from "../../follow/interrupts.ts";
import { ACQUIRE_FLAGS, acquireOptions, LOCK_ARGUMENT } from "../../lock/lock-flags.ts";
import { runLocked } from "../../lock/run-locked.ts";
import { splitArgv } from "../../split-argv.ts";

export default class LockRun extends TssCommand {
  static override summary = "run a command here while holding a lock";
  static override description =
    "Takes the lock, runs the command here, renews the lock meanwhile, gives it back, and ends with the command's exit " +
    "code. The command finds the lock's name in TSS_LOCK_NAME and its fencing token in TSS_LOCK_TOKEN: what it writes to " +
    "should refuse lower tokens. When the lock is lost the command and all it has started is ended with SIGTERM, and " +
    "SIGKILL 10 s later. With --json what the command writes to stdout goes to stderr.";
  static override usage = "lock run NAME [FLAGS] -- COMMAND [ARGUMENT...]";
  static override examples = [
    "<%= config.bin %> lock run deploy -- ./deploy.sh",
    "<%= config.bin %> lock run nightly-report --wait 0s -- python3 report.py",
    "<%= config.bin %> lock run gpu --permits 2 --ttl 1m -- ./train.sh",
  ];
  static override args = { lock: LOCK_ARGUMENT };
  static override flags = ACQUIRE_FLAGS;

  async run(): Promise<unknown> {
    const { own, command } = splitArgv(this.argv);
    const { args, flags } = await this.parse(LockRun, command === undefined ? this.argv.slice(0, 1) : own);
    if (command === undefined || command.length === 0)
      throw new UsageError('The command to run comes after "--": tss lock run deploy -- ./deploy.sh');
    const locks = await this.service(LockService);
    const note = (text: string) => this.note(text);
    const left = new AbortController();
    const interrupts = listenForInterrupts(() => left.abort());
    const lock = await holdLock(locks, args.lock, {
      ...acquireOptions(flags, args.lock, note),
      signal: left.signal,
    })
      .catch((error: unknown) => {
        throw interrupts.exitCode === undefined ? error : new QuietExit(interrupts.exitCode);
      })
      .finally(() => interrupts.stop());
    try {
      const { exitCode, lost } = await runLocked(lock, command, this.jsonEnabled() ? 2 : "inherit", note);
      process.exitCode = exitCode;
      return { lock: lock.name, token: lock.token, exitCode, lost };
    } finally {
      await lock.release();
    }
  }
}
