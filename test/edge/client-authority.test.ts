import { X509Certificate } from "node:crypto";
import { join } from "node:path";
import { afterEach, expect, test } from "@jest/globals";
import { silentLogger } from "../../runtime/logger.ts";
import type { Settings } from "../../runtime/settings-table.ts";
import { factsOf } from "../../runtime/tls/certificate.ts";
import { openClientAuthority } from "../../runtime/tls/client-authority.ts";
import { makeKeyPair } from "../../runtime/tls/key-pair.ts";
import { hours, TestAuthority } from "../support/certificates.ts";

/** What agents that join are given, by a real authority. */

const HOUR = 3_600_000;
const made: TestAuthority[] = [];
afterEach(() => {
  for (const authority of made.splice(0)) authority.remove();
});

async function openAuthority(validity = hours(-48, 24 * 365)) {
  const own = await TestAuthority.make(validity);
  made.push(own);
  const paths = { TSS_TLS_CLIENT_CA: own.ca, TSS_TLS_CLIENT_CA_KEY: join(own.folder, "ca.key") };
  const authority = openClientAuthority(paths as Settings, silentLogger);
  if (authority === undefined) throw new Error("no authority");
  return { own, authority };
}

test.each(["build-7", "#1", "#020101", "#", "a,b=c+d", 'say "hi"', "a\\b", "Grüße 🤖", "x".repeat(64)])(
  "a certificate names %s as it is",
  async (name) => {
    const { own, authority } = await openAuthority();
    const { certificate } = await authority.issue(name, makeKeyPair().publicKey, HOUR);
    const read = new X509Certificate(certificate);
    expect(factsOf(read).name).toBe(name);
    expect(read.verify(new X509Certificate(own.pair.cert).publicKey)).toBe(true);
  },
);

test("it ends when it says, and no later than its authority", async () => {
  const { own, authority } = await openAuthority(hours(-1, 5));
  const ends = (pem: string) => new X509Certificate(pem).validToDate.getTime();
  const short = await authority.issue("short", makeKeyPair().publicKey, HOUR);
  expect(short.endsAt).toBe(ends(short.certificate));
  expect(short.endsAt).toBeLessThan(ends(own.pair.cert));
  const cut = await authority.issue("cut", makeKeyPair().publicKey, 7 * 24 * HOUR);
  expect([cut.endsAt, ends(cut.certificate)]).toEqual([ends(own.pair.cert), ends(own.pair.cert)]);
});
