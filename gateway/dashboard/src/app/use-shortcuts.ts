import { useNavigate } from "@tanstack/react-router";
import { useEffect } from "react";
import { paused } from "../live/live.ts";
import { may } from "../session/session.ts";
import { createStore } from "../ui/store.ts";
import { PLACES } from "./navigation.ts";

const KEY = "tss.keys";

/** Single keys can be switched off: they are in the way of who speaks to the computer. Kept in this browser. */
export const singleKeys = createStore(localStorage.getItem(KEY) !== "off");
singleKeys.subscribe(() => localStorage.setItem(KEY, singleKeys.get() ? "on" : "off"));

/** A page's own keys, e.g. `r`: pressed, the element that names the key is clicked. */
const PAGE_KEYS = "[data-key]";
/** The second key of `g t` may come this long after the first, ms. */
const SEQUENCE_MS = 1_500;

/** Keys that work everywhere. @param onHelp shows what they are. */
export function useShortcuts(onHelp: () => void): void {
  const navigate = useNavigate();
  useEffect(() => {
    let wentAt = 0;
    const press = (event: KeyboardEvent) => {
      if ((event.metaKey || event.ctrlKey) && event.key.toLowerCase() === "k") {
        event.preventDefault();
        focus("go-to");
        return;
      }
      if (!singleKeys.get() || event.metaKey || event.ctrlKey || event.altKey || isWriting(event.target)) return;
      const second = Date.now() - wentAt < SEQUENCE_MS;
      wentAt = 0;
      const place = second ? PLACES.find(({ key }) => key === event.key) : undefined;
      if (place !== undefined && may(place.method)) void navigate({ to: place.to });
      else if (event.key === "g") wentAt = Date.now();
      else if (event.key === "?") onHelp();
      else if (event.key === "p") paused.set(!paused.get());
      else if (event.key === "/") focus("search") || focus("go-to");
      else if (event.key === "j" || event.key === "k") moveRow(event.key === "j" ? 1 : -1);
      else if (!pressRow(event) && !pressOwn(event.key)) return;
      event.preventDefault();
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, [navigate, onHelp]);
}

function isWriting(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    target.closest("input, textarea, select, [contenteditable], dialog, [popover]") !== null
  );
}

function focus(name: string): boolean {
  const field = document.querySelector<HTMLInputElement>(`[data-shortcut="${name}"]`);
  field?.focus();
  field?.select();
  return field !== null;
}

function moveRow(step: number): void {
  const links = [...document.querySelectorAll<HTMLElement>(".row-link")];
  const at = links.indexOf(document.activeElement as HTMLElement);
  links[at < 0 ? 0 : Math.min(Math.max(at + step, 0), links.length - 1)]?.focus();
}

/** Keys of the row that has the focus, e.g. `x` chooses it. */
function pressRow({ key, shiftKey, target }: KeyboardEvent): boolean {
  const row = target instanceof HTMLElement ? target.closest("[role=row]") : null;
  const own = row?.querySelector<HTMLElement>(`[data-key-row="${CSS.escape(key.toLowerCase())}"]`);
  own?.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true, shiftKey }));
  return own != null;
}

function pressOwn(key: string): boolean {
  const own = [...document.querySelectorAll<HTMLElement>(PAGE_KEYS)].find((element) => element.dataset["key"] === key);
  own?.click();
  return own !== undefined;
}
