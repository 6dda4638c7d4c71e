import { TestEnvironment } from "jest-environment-node";
import { activeResources, describeHandles, resourcesBeyond } from "./active-resources.ts";
import { endLeftCommands } from "./end-left-commands.ts";
import { TimerWatch } from "./timer-watch.ts";

/** What was closed may take this long to be gone: a socket's last packets, the exit of a child process. */
const PATIENCE_MS = 15_000;
const LOOK_MS = 20;

/**
 * The environment of every test file: Node's own, and a file that leaves something behind which keeps the process alive
 * (a timer, a socket, a child process) fails with its name. So jest ends by itself, and no leak of the product hides.
 */
export default class LeakEnvironment extends TestEnvironment {
  readonly #timers = new TimerWatch();
  readonly #file: string;
  #before: ReadonlyMap<string, number> = new Map();

  constructor(...[config, context]: ConstructorParameters<typeof TestEnvironment>) {
    super(config, context);
    this.#file = context.testPath;
  }

  override async setup(): Promise<void> {
    await super.setup();
    // Node makes these when they are first looked at, which would count as left behind by the first test file of a process.
    void [process.stdout, process.stderr];
    this.#before = activeResources();
    this.#timers.watch(this.global);
  }

  async handleTestEvent(event: { readonly name: string }, state: { readonly unhandledErrors: unknown[] }) {
    if (event.name !== "run_finish") return;
    const deadline = performance.now() + PATIENCE_MS;
    while (this.#left().length > 0 && performance.now() < deadline)
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    const left = this.#left();
    if (left.length > 0) state.unhandledErrors.push(this.#error(left));
  }

  override async teardown(): Promise<void> {
    endLeftCommands();
    await super.teardown();
  }

  #left(): string[] {
    return [...resourcesBeyond(this.#before), ...this.#timers.holding().map((place) => `a timer, made ${place}`)];
  }

  #error(left: readonly string[]): Error {
    const error = new Error("This test file leaves behind what keeps the process alive.");
    const handles = describeHandles().map((handle) => `open now: ${handle}`);
    const mend = "Close it in the test or in what it tests; `npm test -- FILE --detectOpenHandles` tells more.";
    // jest prints all lines before the first that looks like one of a stack as they are.
    error.stack = [error.message, ...left, ...handles, mend, `    at ${this.#file}:1:1`].join("\n");
    return error;
  }
}
