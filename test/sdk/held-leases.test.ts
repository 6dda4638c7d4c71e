import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { HeldLeases } from "../../sdk/typescript/worker/held-leases.ts";

test("leases are kept by task and token, also several of one task", () => {
  const step = fc.record({ add: fc.boolean(), id: fc.constantFrom("a", "b"), token: fc.nat({ max: 3 }) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const held = new HeldLeases();
      const model = new Set<string>();
      for (const { add, id, token } of steps) {
        const known = held.get(id, token);
        expect(known !== undefined).toBe(model.has(`${id}${token}`));
        if (known === undefined && add) {
          held.add({ id, token });
          model.add(`${id}${token}`);
        } else if (known !== undefined && !add) {
          held.delete(known);
          held.delete(known);
          model.delete(`${id}${token}`);
        }
        expect(held.size).toBe(model.size);
        expect([...held].map((one) => `${one.id}${one.token}`).sort()).toEqual([...model].sort());
      }
    }),
  );
});
