import { randomBytes } from "node:crypto";

/**
 * The id of a worker's session. It is chosen here, so that a coordinator that dies before its welcome arrives is known by it
 * when it is back.
 */
export class SessionName {
  #id = choose();
  #told = false;
  #begun = false;

  get id(): string {
    return this.#id;
  }

  /** Whether the session was welcomed: nothing came from it before. */
  get begun(): boolean {
    return this.#begun;
  }

  /** The part of a hello that names the session. */
  tell(): { readonly sessionId: string; readonly again: boolean } {
    const again = this.#told;
    this.#told = true;
    return { sessionId: this.#id, again };
  }

  /** The coordinator may have given it another id. */
  welcomed(id: string): void {
    this.#id = id;
    this.#begun = true;
  }

  /** The session is over, and another takes its place. @returns the id of the one that is over. */
  giveUp(): string {
    const id = this.#id;
    this.#id = choose();
    this.#told = this.#begun = false;
    return id;
  }
}

function choose(): string {
  return `w_${randomBytes(15).toString("base64url")}`;
}
