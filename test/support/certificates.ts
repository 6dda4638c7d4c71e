import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type CertifiedKey, issueCertificate, makeAuthority, type Wanted } from "../../runtime/tls/issue.ts";
import { makeKeyPair } from "../../runtime/tls/key-pair.ts";

const HOUR = 3_600_000;

/** Valid from some hours from now to others. */
export const hours = (from: number, to: number) => ({
  notBefore: new Date(Date.now() + from * HOUR),
  notAfter: new Date(Date.now() + to * HOUR),
});

/** A pair of files that can be replaced as an administrator does. */
export interface Pair {
  readonly cert: string;
  readonly key: string;
}

/** An authority of a test, and a folder for what it signs. */
export class TestAuthority {
  readonly folder = mkdtempSync(join(tmpdir(), "tss-tls-"));
  readonly pair: CertifiedKey;
  /** PEM file of the authority. */
  readonly ca: string;

  private constructor(pair: CertifiedKey) {
    this.pair = pair;
    this.ca = join(this.folder, "ca.crt");
    writeFileSync(this.ca, pair.cert);
    writeFileSync(join(this.folder, "ca.key"), pair.key);
  }

  static async make(validity = hours(-48, 24 * 365)): Promise<TestAuthority> {
    return new TestAuthority(await makeAuthority(validity));
  }

  /** For localhost and 127.0.0.1, or a client's. */
  async issue(use: "server" | "client", wanted: Partial<Wanted> = {}): Promise<CertifiedKey> {
    const { key, publicKey } = makeKeyPair();
    const hosts = use === "server" ? { hosts: ["localhost", "127.0.0.1"] } : {};
    const cert = await issueCertificate(this.pair, {
      ...{ name: use, use, publicKey },
      ...hosts,
      ...hours(-1, 24 * 30),
      ...wanted,
    });
    return { cert, key };
  }

  /** Writes what `issue` gives into files of this name, in place of what was there. */
  async write(name: string, use: "server" | "client", wanted: Partial<Wanted> = {}): Promise<Pair> {
    const { cert, key } = await this.issue(use, wanted);
    return { cert: this.put(`${name}.crt`, cert), key: this.put(`${name}.key`, key) };
  }

  /** Puts a file in the place of another, whole. */
  put(name: string, text: string): string {
    const path = join(this.folder, name);
    writeFileSync(`${path}.new`, text);
    renameSync(`${path}.new`, path);
    return path;
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
