/** Idempotency keys for which this holds. */
export function keys(holds: (key: string) => boolean, name = "key"): () => string {
  let made = 0;
  return () => {
    for (;;) {
      const key = `${name}-${made++}`;
      if (holds(key)) return key;
    }
  };
}
