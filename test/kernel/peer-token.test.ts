import { expect, test } from "@jest/globals";
import { peerSecret, readPeer, signPeer } from "../../coordinator/kernel/peer-token.ts";

const secret = peerSecret(new Uint8Array(32).fill(1));
const NOW = 1_000_000;

test("what one coordinator says of a caller is what another reads", () => {
  for (const claims of [
    { keyId: "k", role: 2 },
    { keyId: "k", role: 2, inJob: true },
  ])
    expect(readPeer(secret, signPeer(secret, claims, NOW), NOW)).toEqual({ ...claims, until: NOW + 60_000 });
});

test("what is forged, of another installation, too old or too new says nothing", () => {
  const token = signPeer(secret, { keyId: "k", role: 2 }, NOW);
  const [, body = ""] = /^tsspeer_(.*)\./.exec(token) ?? [];
  const forged = Buffer.from(body, "base64url").toString("utf8").replace('"role":2', '"role":4');
  expect(readPeer(secret, token.replace(body, Buffer.from(forged).toString("base64url")), NOW)).toBeNull();
  expect(readPeer(peerSecret(new Uint8Array(32).fill(2)), token, NOW)).toBeNull();
  expect(readPeer(secret, token, NOW + 60_001)).toBeNull();
  expect(readPeer(secret, token, NOW - 60_001)).toBeNull();
  expect(readPeer(secret, "tsspeer_", NOW)).toBeNull();
});
