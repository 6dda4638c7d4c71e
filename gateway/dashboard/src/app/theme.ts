import { createStore } from "../ui/store.ts";

export type Theme = "system" | "light" | "dark";

const KEY = "tss.theme";
const THEMES: readonly string[] = ["system", "light", "dark"];
const kept = localStorage.getItem(KEY) ?? "";

/** Light, dark, or what the system says. Kept in this browser. */
export const theme = createStore<Theme>(THEMES.includes(kept) ? (kept as Theme) : "system");

/** Puts the choice on the page, where the palette looks for it. */
export function followTheme(): void {
  const put = () => {
    document.documentElement.dataset["theme"] = theme.get();
    localStorage.setItem(KEY, theme.get());
  };
  put();
  theme.subscribe(put);
}
