import type { CoordinatorLink as Link } from "./coordinator-link.ts";
import { shareCredit } from "./split-credit.ts";

/** A coordinator that leaves offers unused for so many ms has nothing that waits. */
const IDLE_MS = 50;

/** Keeps what each coordinator is offered at what it should have. */
export class CreditShares {
  readonly #links: ReadonlyMap<string, Link>;
  readonly #open: () => number;
  #calming: NodeJS.Timeout | null = null;

  /** @param open slots that may be given away now. */
  constructor(links: ReadonlyMap<string, Link>, open: () => number) {
    this.#links = links;
    this.#open = open;
  }

  balance(): void {
    const several = this.#links.size > 1;
    const links = [...this.#links.values()].filter((link) => !link.retiring && (link.session.connected || !several));
    // One that is away is offered anew when it is back.
    for (const { session } of this.#links.values())
      if (several && !session.connected && session.offered !== 0) session.withdraw(session.offered);
    shareCredit(links, this.#open());
    this.#calm(links);
  }

  close(): void {
    if (this.#calming !== null) clearTimeout(this.#calming);
  }

  /** Who leaves offers unused for a while is not hungry any more. */
  #calm(links: readonly Link[]): void {
    if (this.#calming !== null || !links.some(({ hungry }) => hungry) || links.length < 2) return;
    this.#calming = setTimeout(() => {
      this.#calming = null;
      for (const link of this.#links.values()) if (link.session.offered > 1) link.hungry = false;
      this.balance();
    }, IDLE_MS);
    this.#calming.unref();
  }
}
