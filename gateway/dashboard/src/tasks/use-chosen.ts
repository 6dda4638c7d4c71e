import { useCallback, useRef, useState } from "react";

export interface Chosen {
  readonly ids: ReadonlySet<string>;
  /** @param range everything from the one before up to it, too. */
  toggle(id: string, range: boolean): void;
  set(ids: readonly string[]): void;
}

/** Rows that are chosen, of the list as it is now. @param key what the list is of: another list begins without. */
export function useChosen(key: string, order: readonly string[]): Chosen {
  const [state, setState] = useState<{ key: string; ids: ReadonlySet<string> }>({ key, ids: NONE });
  const last = useRef("");
  const ids = state.key === key ? state.ids : NONE;
  const set = useCallback((next: readonly string[]) => setState({ key, ids: new Set(next) }), [key]);
  const toggle = (id: string, range: boolean) => {
    const next = new Set(ids);
    const [from, to] = [order.indexOf(last.current), order.indexOf(id)].sort((a, b) => a - b) as [number, number];
    const span = range && from >= 0 ? order.slice(from, to + 1) : [id];
    const on = !ids.has(id);
    for (const one of span)
      if (on) next.add(one);
      else next.delete(one);
    last.current = id;
    setState({ key, ids: next });
  };
  return { ids, toggle, set };
}

const NONE: ReadonlySet<string> = new Set();
