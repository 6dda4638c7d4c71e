import { type AddressInfo, createServer } from "node:net";
import { expect, test } from "@jest/globals";
import { describePortOwner, findPortOwner } from "../../runtime/port-owner.ts";

const shown = process.platform === "linux" ? process.pid : undefined;

test("the process that listens is found by its port, over IPv4 and IPv6", async () => {
  for (const host of ["127.0.0.1", "::1"]) {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, host, resolve));
    const { port } = server.address() as AddressInfo;
    try {
      expect((await findPortOwner(port))?.pid).toBe(shown);
      expect(await describePortOwner(port)).toContain(shown === undefined ? "another program" : `(pid ${shown})`);
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
    expect(await findPortOwner(port)).toBeUndefined();
  }
});

test("where there is no /proc nobody is found", async () => {
  expect(await findPortOwner(1, "/nowhere")).toBeUndefined();
});
