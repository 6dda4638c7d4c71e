/** The server's time: ages are right whatever the clock of this computer says. */
let offsetMs = 0;

/** @param serverMs the server's time, read somewhere between the two moments of our clock. */
export function setServerTime(serverMs: number, sentAt: number, heardAt: number): void {
  const offset = serverMs - (sentAt + heardAt) / 2;
  // What the way there and back may explain is no difference of clocks.
  offsetMs = Math.abs(offset) <= (heardAt - sentAt) / 2 + 50 ? 0 : offset;
}

export function serverNow(): number {
  return Date.now() + offsetMs;
}

/** How far this computer's clock is off, ms; positive: it is behind. */
export function clockOffset(): number {
  return offsetMs;
}
