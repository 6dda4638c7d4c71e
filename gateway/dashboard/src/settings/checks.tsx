import { liveStatus } from "../live/live.ts";
import { useOverview } from "../overview/use-overview.ts";
import { formatDuration, readSeconds } from "../time/format.ts";
import { clockOffset } from "../time/server-clock.ts";
import { plural } from "../ui/format-count.ts";
import { Glyph } from "../ui/glyph.tsx";
import { readNumber } from "../ui/number.ts";
import { useStore } from "../ui/store.ts";
import { useServerInfo } from "./use-server-info.ts";

interface Check {
  readonly name: string;
  readonly well: boolean;
  readonly told: string;
}

/** Differences of clocks up to here are told apart from none by nobody, ms. */
const CLOCK_MS = 2_000;

/** What is looked at first when something is odd, as far as this page can see it. */
export function Checks() {
  const info = useServerInfo();
  const status = useStore(liveStatus);
  const { now } = useOverview();
  const off = clockOffset();
  const p99 = readSeconds(now?.store.p99);
  const workers = readNumber(now?.totals.workers);
  const checks: Check[] = [
    {
      name: "Coordinator",
      well: info.error === null && info.data !== undefined,
      told: info.error === null ? "It answers." : info.error.message,
    },
    {
      name: "Store",
      well: info.data?.storeOk === true,
      told: info.data?.storeOk === true ? storeText(p99) : (info.data?.storeProblem ?? "Not known yet."),
    },
    {
      name: "Workers",
      well: workers > 0,
      told: workers > 0 ? `${plural(workers, "worker")} can take work.` : "No worker can take work: start an agent.",
    },
    {
      name: "Live updates",
      well: status === "live",
      told:
        status === "live"
          ? "They come over the stream."
          : "No stream comes through; docs/dashboard.md, Behind a proxy.",
    },
    {
      name: "Your clock",
      well: Math.abs(off) < CLOCK_MS,
      told:
        Math.abs(off) < CLOCK_MS
          ? "It agrees with the server."
          : `It is ${formatDuration(Math.abs(off))} ${off > 0 ? "behind" : "ahead"}; ages are shown by the server's.`,
    },
  ];
  return (
    <section className="part">
      <h2>Checks</h2>
      <ul className="checks">
        {checks.map(({ name, well, told }) => (
          <li key={name}>
            <span className={`state ${well ? "good" : "bad"}`}>
              <Glyph name={well ? "check" : "cross"} />
              <span className="off-screen">{well ? "well: " : "not well: "}</span>
              {name}
            </span>
            <span>{told}</span>
          </li>
        ))}
      </ul>
      <p className="dim">
        <code>tss doctor</code> looks further: database, Redis, ports, certificates.
      </p>
    </section>
  );
}

function storeText(p99Ms: number | undefined): string {
  return p99Ms === undefined ? "It takes writes." : `It takes writes, 99 of 100 within ${formatDuration(p99Ms)}.`;
}
