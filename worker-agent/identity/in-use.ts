import type { TssError } from "../../proto/errors.ts";
import type { TlsTexts } from "../../sdk/typescript/connection-types.ts";
import { type Identity, type Secrets, saveIdentity } from "./identity.ts";

/** How often one is tried for the other before both are held for refused. */
const TURNS = 4;

/** The identity of an agent that runs: what its connections show, and what is on the disk. */
export class IdentityInUse {
  readonly #directory: string;
  #identity: Identity;
  #next = false;
  #turns = 0;
  #texts: { readonly of: Identity; readonly beside: TlsTexts | undefined; readonly texts: TlsTexts } | undefined;

  constructor(directory: string, identity: Identity) {
    this.#directory = directory;
    this.#identity = identity;
  }

  get identity(): Identity {
    return this.#identity;
  }

  /** The key that calls carry. */
  apiKey(): string {
    return this.#secrets().key;
  }

  /** The new secret is used from now on, or the old one again. */
  useNext(next: boolean): void {
    this.#next = next;
  }

  /**
   * After a refusal: while a renewal is on its way nobody knows which of the two secrets this coordinator knows.
   * @returns whether the other one is worth a try.
   */
  tryOther({ reason }: Pick<TssError, "reason">): boolean {
    if (reason !== "API_KEY_UNKNOWN" || this.#identity.next === undefined || this.#turns >= TURNS) return false;
    this.#turns++;
    this.#next = !this.#next;
    return true;
  }

  /** On the disk before it is used. */
  async replace(identity: Identity): Promise<void> {
    await saveIdentity(this.#directory, identity);
    this.#identity = identity;
    this.#next = false;
    this.#turns = 0;
  }

  /** What a connection shows beside what the settings say; the same object until something changes. */
  tls(beside: TlsTexts | undefined): TlsTexts {
    const of = this.#identity;
    if (this.#texts?.of === of && this.#texts.beside === beside) return this.#texts.texts;
    const { certificate: cert, tlsKey: key } = of;
    const texts = { ...beside, ...(cert === undefined ? {} : { cert, key }) };
    this.#texts = { of, beside, texts };
    return texts;
  }

  #secrets(): Secrets {
    return this.#next && this.#identity.next !== undefined ? this.#identity.next : this.#identity;
  }
}
