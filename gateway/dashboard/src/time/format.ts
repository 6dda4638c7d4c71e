import { createStore } from "../ui/store.ts";

/** Zone that times are shown in: this computer's, or UTC. Kept in this browser. */
export type Zone = "local" | "utc";

const KEY = "tss.zone";

export const zone = createStore<Zone>(globalThis.localStorage?.getItem(KEY) === "utc" ? "utc" : "local");
zone.subscribe(() => globalThis.localStorage?.setItem(KEY, zone.get()));

const pad = (value: number, digits = 2): string => String(value).padStart(digits, "0");

/** `2026-03-01 12:00:05`, the same everywhere; with `fraction` to the millisecond. */
export function formatTime(ms: number, where: Zone, fraction = false): string {
  const date = new Date(where === "utc" ? ms : ms - new Date(ms).getTimezoneOffset() * 60_000);
  const text = date.toISOString();
  return `${text.slice(0, 10)} ${text.slice(11, fraction ? 23 : 19)}`;
}

/** The time of day alone when it was today, else date and time. */
export function formatShort(ms: number, now: number, where: Zone): string {
  const [then, today] = [formatTime(ms, where), formatTime(now, where)];
  return then.slice(0, 10) === today.slice(0, 10) ? then.slice(11) : then;
}

/** Time of day alone, for what happened close together. */
export function formatClock(ms: number, where: Zone): string {
  return formatTime(ms, where, true).slice(11);
}

/** Name of the zone with its distance from UTC, e.g. `Europe/Berlin, UTC+02:00`. */
export function zoneName(where: Zone, now = Date.now()): string {
  if (where === "utc") return "UTC";
  const minutes = -new Date(now).getTimezoneOffset();
  const sign = minutes < 0 ? "−" : "+";
  const offset = `UTC${sign}${pad(Math.floor(Math.abs(minutes) / 60))}:${pad(Math.abs(minutes) % 60)}`;
  return `${Intl.DateTimeFormat().resolvedOptions().timeZone}, ${offset}`;
}

/** `12 ms`, `3.4 s`, `5 m 12 s`, `2 h 05 m`, `3 d 4 h`: two units at most. */
export function formatDuration(ms: number): string {
  if (ms < 0) return "0 ms";
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 9_950) return `${(ms / 1_000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} m ${pad(seconds % 60)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 1_440) return `${Math.floor(minutes / 60)} h ${pad(minutes % 60)} m`;
  return `${Math.floor(minutes / 1_440)} d ${Math.floor((minutes % 1_440) / 60)} h`;
}

/** `just now`, `12 s ago`, `in 3 m`: one unit, for lists. */
export function formatAge(ms: number, now: number): string {
  const age = now - ms;
  const size = Math.abs(age);
  if (size < 1_500) return age < 0 ? "now" : "just now";
  const text = oneUnit(size);
  return age < 0 ? `in ${text}` : `${text} ago`;
}

function oneUnit(ms: number): string {
  if (ms < 60_000) return `${Math.round(ms / 1_000)} s`;
  if (ms < 3_600_000) return `${Math.floor(ms / 60_000)} m`;
  if (ms < 86_400_000) return `${Math.floor(ms / 3_600_000)} h`;
  return `${Math.floor(ms / 86_400_000)} d`;
}

/** Milliseconds of a proto timestamp; undefined when there is none. */
export function readStamp(text: string | undefined): number | undefined {
  const ms = text === undefined ? Number.NaN : Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms;
}

/** Milliseconds of a proto duration such as `3.5s`. */
export function readSeconds(text: string | undefined): number | undefined {
  const seconds = text === undefined ? Number.NaN : Number(text.replace(/s$/, ""));
  return Number.isNaN(seconds) ? undefined : seconds * 1_000;
}
