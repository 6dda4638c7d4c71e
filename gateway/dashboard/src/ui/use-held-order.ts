import { useRef, useState } from "react";

/**
 * An order that stands still while somebody points at the list or is in it with the keyboard, so that nothing moves under them.
 * New keys go to the end until it is let go.
 */
export function useHeldOrder(keys: readonly string[]) {
  const [held, setHeld] = useState(false);
  const kept = useRef(keys);
  if (!held) kept.current = keys;
  const there = new Set(keys);
  const known = new Set(kept.current);
  const order = [...kept.current.filter((key) => there.has(key)), ...keys.filter((key) => !known.has(key))];
  const hold = {
    onPointerEnter: (event: { pointerType: string }) => event.pointerType === "mouse" && setHeld(true),
    onPointerLeave: () => setHeld(false),
    onFocus: () => setHeld(true),
    onBlur: () => setHeld(false),
  };
  return { order, hold };
}
