import { TssError } from "../../../proto/errors.ts";

/**
 * The addresses of a comma list, each once.
 * @throws TssError INVALID_ARGUMENT when there is none.
 */
export function addressesOf(list: string): readonly string[] {
  const addresses = list.split(",").map((address) => address.trim());
  const found = [...new Set(addresses)].filter((address) => address !== "");
  if (found.length > 0) return found;
  throw new TssError("INVALID_ARGUMENT", `"${list}" names no coordinator: write host:port, or several with commas.`);
}
