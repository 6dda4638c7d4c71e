import { expect, jest, test } from "@jest/globals";
import { abortableWait, aborted, within } from "../../runtime/wait.ts";

test("a wait tells whether the time passed or the signal came first", async () => {
  expect(await abortableWait(0)).toBe(true);
  const stop = new AbortController();
  const long = abortableWait(86_400_000, stop.signal);
  stop.abort();
  expect(await long).toBe(false);
  expect(await abortableWait(86_400_000, stop.signal)).toBe(false);
});

test("a wait longer than a timer of Node can be does not end at once", async () => {
  jest.useFakeTimers();
  try {
    let over = false;
    const wait = abortableWait(30 * 86_400_000).then(() => {
      over = true;
    });
    await jest.advanceTimersByTimeAsync(29 * 86_400_000);
    expect(over).toBe(false);
    await jest.advanceTimersByTimeAsync(86_400_000);
    await wait;
    expect(over).toBe(true);
  } finally {
    jest.useRealTimers();
  }
});

test("a wait leaves no listener on the signal once the time has passed", async () => {
  const { signal } = new AbortController();
  const remove = jest.spyOn(signal, "removeEventListener");
  await abortableWait(1, signal);
  expect(remove).toHaveBeenCalledTimes(1);
});

test("aborted resolves for a signal that was aborted before, too", async () => {
  await aborted(AbortSignal.abort());
  const stop = new AbortController();
  const heard = aborted(stop.signal);
  stop.abort();
  await heard;
});

test("within gives the value, the error, or undefined when it is late", async () => {
  expect(await within(Promise.resolve(7), 10_000)).toBe(7);
  await expect(within(Promise.reject(new Error("no")), 10_000)).rejects.toThrow("no");
  expect(await within(new Promise(() => {}), 1)).toBeUndefined();
});
