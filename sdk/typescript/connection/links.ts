import { TssError } from "../../../proto/errors.ts";
import {
  Health,
  HealthCheckResponse_ServingStatus as ServingStatus,
} from "../../../proto/gen/grpc/health/v1/health_pb.js";
import type { Connection } from "../connection-types.ts";
import { noneAnswers, whyNot } from "./unreachable.ts";

/** The way to one of several coordinators. */
export interface Way {
  readonly address: string;
  readonly connection: Connection;
}

/** A way, and how it was found at the last try. */
export interface Link extends Way {
  /** "unknown": not tried yet, or something broke and it may be there all the same. */
  state: "unknown" | "good" | "bad";
  /** Why it is bad, in a few words. */
  why: string;
  /** Calls and streams on it now. */
  calls: number;
  /** When a bad one is tried again, `performance.now()`. */
  restUntil: number;
  pauseMs: number;
  probe: Promise<void> | null;
}

/** A coordinator that has not said within this time that it serves is passed over. */
const PROBE_MS = 5_000;
/** How long the next one waits for the one before, so that a silent host holds nobody up. */
const HEAD_START_MS = 250;
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 5_000;

/**
 * The coordinators of one system, of which any answers for all. One that does not serve rests and is tried again beside
 * the calls, which go on with the others.
 */
export class Links {
  readonly #links: readonly Link[];
  /** Clients begin at different ones, and equals take turns. */
  #turn: number;
  readonly #closed = new AbortController();

  constructor(ways: readonly Way[], chance: () => number = Math.random) {
    const fresh = { state: "unknown", why: "", calls: 0, restUntil: 0, pauseMs: FIRST_PAUSE_MS, probe: null } as const;
    this.#links = ways.map((way) => ({ ...way, ...fresh }));
    this.#turn = Math.floor(chance() * ways.length);
  }

  get all(): readonly Link[] {
    return this.#links;
  }

  /**
   * One that serves, with the fewest calls.
   * @param tried those that are not wanted any more.
   * @param withinMs longest time to look for it.
   * @throws TssError UNAVAILABLE naming every address and what is wrong with it.
   */
  async choose(tried: ReadonlySet<Link>, withinMs: number = Number.POSITIVE_INFINITY): Promise<Link> {
    const untried = this.#inTurn().filter((link) => !tried.has(link));
    const chosen = this.chooseNow(tried) ?? (await within(this.#firstGood(untried), withinMs));
    if (chosen !== undefined) return chosen;
    throw noneAnswers(
      this.#links.map(({ address, state, why }) => ({ address, why: state === "bad" ? why : "no answer" })),
    );
  }

  /** One that is known to serve; others are tried beside. */
  chooseNow(tried: ReadonlySet<Link>): Link | undefined {
    const links = this.#inTurn();
    const good = links.filter((link) => link.state === "good" && !tried.has(link));
    if (good.length === 0) return undefined;
    for (const link of links) if (link.state !== "good" && link.restUntil <= performance.now()) void this.#probe(link);
    this.#turn++;
    return good.reduce((best, link) => (link.calls < best.calls ? link : best));
  }

  /** From where the turn is. */
  #inTurn(): readonly Link[] {
    const from = this.#turn % this.#links.length;
    return [...this.#links.slice(from), ...this.#links.slice(0, from)];
  }

  /** Tries one after the other, the next when those before have failed or are slow. */
  async #firstGood(links: readonly Link[]): Promise<Link | undefined> {
    const tries: Promise<Link>[] = [];
    for (const link of links) {
      tries.push(this.#probe(link).then(() => (link.state === "good" ? link : Promise.reject(link))));
      const found = Promise.any(tries).catch(() => undefined);
      const chosen = await (tries.length === links.length ? found : within(found, HEAD_START_MS));
      if (chosen !== undefined) return chosen;
    }
    return undefined;
  }

  async #probe(link: Link): Promise<void> {
    link.probe ??= ask(link, this.#closed.signal).finally(() => {
      link.probe = null;
    });
    return link.probe;
  }

  /** Whoever is asked needs not answer any more. */
  close(): void {
    this.#closed.abort();
    for (const { connection } of this.#links) connection.close();
  }
}

/** Undefined when the time came first. */
async function within(found: Promise<Link | undefined>, ms: number): Promise<Link | undefined> {
  if (ms === Number.POSITIVE_INFINITY) return found;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, ms, undefined);
  });
  return Promise.race([found, late]).finally(() => clearTimeout(timer));
}

async function ask(link: Link, signal: AbortSignal): Promise<void> {
  try {
    const { status } = await link.connection.service(Health).check({}, { timeoutMs: PROBE_MS, signal });
    if (status === ServingStatus.SERVING) markGood(link);
    else markBad(link, "it starts, stands by or shuts down");
  } catch (error) {
    // One that does not know the question is asked the real ones.
    if (error instanceof TssError && error.code === "UNIMPLEMENTED") markGood(link);
    else markBad(link, whyNot(error as TssError));
  }
}

function markGood(link: Link): void {
  link.state = "good";
  link.pauseMs = FIRST_PAUSE_MS;
}

/** It rests for a while, longer each time. */
export function markBad(link: Link, why: string): void {
  link.state = "bad";
  link.why = why;
  link.restUntil = performance.now() + link.pauseMs * (0.5 + Math.random() / 2);
  link.pauseMs = Math.min(link.pauseMs * 2, LONGEST_PAUSE_MS);
}
