import { createStore } from "../ui/store.ts";

/** A search with a name. The search is the truth, and is shared as the address of the page; the name is this browser's. */
export interface View {
  readonly name: string;
  readonly q: string;
}

const KEY = "tss.views";
export const MOST_VIEWS = 50;
export const VIEW_NAME_CHARACTERS = 60;

/** What was kept; what is not a view, by whatever has written it, is left out. */
export function readViews(text: string | null | undefined): readonly View[] {
  try {
    const kept: unknown = JSON.parse(text ?? "[]");
    return Array.isArray(kept) ? kept.filter(isView).slice(0, MOST_VIEWS) : [];
  } catch {
    return [];
  }
}

function isView(value: unknown): value is View {
  const { name, q } = (value ?? {}) as Partial<Record<keyof View, unknown>>;
  return typeof name === "string" && name !== "" && typeof q === "string" && q !== "";
}

/** With one more, by name; one of this name is another search from now on. */
export function withView(views: readonly View[], view: View): readonly View[] {
  const others = views.filter(({ name }) => name !== view.name);
  return [...others, view].sort((a, b) => a.name.localeCompare(b.name));
}

export const views = createStore<readonly View[]>(readViews(globalThis.localStorage?.getItem(KEY)));

export function keepViews(next: readonly View[]): void {
  views.set(next);
  localStorage.setItem(KEY, JSON.stringify(next));
}

// Another tab has kept one, or forgotten it.
globalThis.addEventListener?.("storage", (event: Event) => {
  const { key, newValue } = event as Event & { readonly key?: string | null; readonly newValue?: string | null };
  if (key === KEY) views.set(readViews(newValue));
});
