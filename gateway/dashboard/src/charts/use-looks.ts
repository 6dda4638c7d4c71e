import { useEffect, useState } from "react";
import { theme } from "../app/theme.ts";
import { useStore } from "../ui/store.ts";

/** Changes whenever the page's colours do. */
export function useLooks(): string {
  const chosen = useStore(theme);
  const [dark, setDark] = useState(() => matchMedia("(prefers-color-scheme: dark)").matches);
  useEffect(() => {
    const system = matchMedia("(prefers-color-scheme: dark)");
    const read = () => setDark(system.matches);
    system.addEventListener("change", read);
    return () => system.removeEventListener("change", read);
  }, []);
  return `${chosen} ${dark}`;
}
