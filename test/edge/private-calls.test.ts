import { expect, test } from "@jest/globals";
import { isPrivate } from "../../coordinator/api/is-private.ts";
import { requirePrivate } from "../../coordinator/api/require-private.ts";
import { withholdSecrets } from "../../coordinator/api/withhold-secrets.ts";

const over = (socket: object) => isPrivate({ stream: { session: { socket } } } as never);

test.each([
  ["127.0.0.1", true],
  ["127.8.9.10", true],
  ["::1", true],
  ["::ffff:127.0.0.1", true],
  ["::ffff:10.0.0.7", false],
  ["10.127.0.1", false],
  ["fd00::1", false],
  ["127.0.0.1.example", false],
  [undefined, false],
])("a plaintext connection from %s is private: %s", (remoteAddress, expected) => {
  expect(over({ remoteAddress })).toBe(expected);
});

test("an encrypted connection is private wherever it comes from; one that is gone is not", () => {
  expect(over({ encrypted: true, remoteAddress: "10.0.0.7" })).toBe(true);
  expect(isPrivate({} as never)).toBe(false);
});

test("over one that is not, values are refused and a worker counts as one that is given none", () => {
  const request = { name: "DB" };
  expect(requirePrivate({ isPrivate: true }, request)).toBe(request);
  expect(() => requirePrivate({ isPrivate: false }, request)).toThrow("do not go over plaintext");
  const worker = { secrets: true } as never as { secrets: boolean };
  withholdSecrets({ isPrivate: true }, worker as never);
  expect(worker.secrets).toBe(true);
  withholdSecrets({ isPrivate: false }, worker as never);
  expect(worker.secrets).toBe(false);
});
