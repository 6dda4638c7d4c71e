import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { call } from "../api/call.ts";
import { paused } from "../live/live.ts";
import { may, signOut } from "../session/session.ts";
import { type Zone, zone, zoneName } from "../time/format.ts";
import { displayText } from "../ui/display-text.ts";
import { useStore } from "../ui/store.ts";
import { PLACES } from "./navigation.ts";
import type { Command } from "./palette.ts";
import { type Theme, theme } from "./theme.ts";

/** How long names of queues and workers are good for, ms. */
const FRESH_MS = 10_000;

/** Everything that can be gone to or done by its name. Queues and workers are known a moment after it is first asked for. */
export function useCommands(): readonly Command[] {
  const navigate = useNavigate();
  const held = useStore(paused);
  const where = useStore(zone);
  const looks = useStore(theme);
  const queues = useQuery({
    queryKey: ["names", "queues"],
    queryFn: ({ signal }) => call("QueueService", "listQueues", {}, signal),
    staleTime: FRESH_MS,
    enabled: may("QueueService/ListQueues"),
  });
  const workers = useQuery({
    queryKey: ["names", "workers"],
    queryFn: ({ signal }) => call("WorkerRegistryService", "listWorkers", {}, signal),
    staleTime: FRESH_MS,
    enabled: may("WorkerRegistryService/ListWorkers"),
  });
  const next: Zone = where === "utc" ? "local" : "utc";
  const other: Theme = looks === "dark" ? "light" : "dark";
  return [
    ...PLACES.filter(({ method }) => may(method)).map(({ to, label, glyph }) => ({
      ...{ label, kind: "page", glyph },
      run: () => void navigate({ to }),
    })),
    { label: `Show times in ${zoneName(next)}`, kind: "action", glyph: "clock", run: () => zone.set(next) },
    {
      ...{ label: `Use ${other} colours`, kind: "action", glyph: other === "dark" ? "moon" : "sun" },
      run: () => theme.set(other),
    },
    {
      ...{ label: held ? "Let live updates go on" : "Pause live updates", kind: "action" },
      ...{ glyph: held ? "play" : "pause", run: () => paused.set(!held) },
    },
    { label: "Sign out", kind: "action", glyph: "external", run: () => void signOut() },
    ...(queues.data?.queues ?? []).map(({ name = "" }) => ({
      ...{ label: name, kind: "queue", glyph: "queue" as const },
      run: () => void navigate({ to: "/queue/$name", params: { name } }),
    })),
    ...(workers.data?.workers ?? []).map(({ sessionId: id = "", info }) => ({
      ...{ label: displayText(info?.name ?? id, 80), kind: "worker", glyph: "worker" as const },
      run: () => void navigate({ to: "/worker/$id", params: { id } }),
    })),
  ];
}
