import type { Operations } from "../../coordinator/operations/operations.ts";

type Partials = { readonly [K in keyof Operations]?: Partial<Operations[K]> };

/** Operations that answer what a test says; anything else it did not expect to be asked fails. */
export function fakeOperations(parts: Partials = {}): Operations {
  const room = <K extends keyof Operations>(name: K): Operations[K] =>
    new Proxy({ ...parts[name] } as Operations[K], {
      get(target, method) {
        if (method in target) return Reflect.get(target, method);
        return () => {
          throw new Error(`${name}.${String(method)} was not expected`);
        };
      },
    });
  return {
    tasks: room("tasks"),
    workers: room("workers"),
    operator: room("operator"),
    stats: room("stats"),
    bulk: room("bulk"),
    locks: room("locks"),
    secrets: room("secrets"),
    peers: room("peers"),
  };
}
