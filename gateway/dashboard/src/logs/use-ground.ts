import { type RefObject, useEffect, useState } from "react";
import { theme } from "../app/theme.ts";
import { useStore } from "../ui/store.ts";
import type { Rgb } from "./readable-colour.ts";

/** Colour behind the output, as the browser has computed it. */
export function useGround(box: RefObject<HTMLElement | null>): Rgb {
  const [ground, setGround] = useState<Rgb>([255, 255, 255]);
  const looks = useStore(theme);
  useEffect(() => {
    const read = () => {
      const parts = box.current === null ? null : getComputedStyle(box.current).backgroundColor.match(/\d+/g);
      if (parts !== null) setGround(parts.slice(0, 3).map(Number) as unknown as Rgb);
    };
    read();
    const dark = matchMedia("(prefers-color-scheme: dark)");
    dark.addEventListener("change", read);
    return () => dark.removeEventListener("change", read);
  }, [looks, box]);
  return ground;
}
