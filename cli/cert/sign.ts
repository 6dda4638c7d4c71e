import { issueCertificate, validForDays, type Wanted } from "../../runtime/tls/issue.ts";
import { makeKeyPair } from "../../runtime/tls/key-pair.ts";
import { type Made, readAuthority, requireFree, writePair } from "./folder.ts";

export interface Order extends Pick<Wanted, "name" | "use" | "hosts"> {
  readonly dir: string;
  /** Of the files, without their endings. */
  readonly file: string;
  readonly days: number;
  readonly force: boolean;
}

/** Makes a key and has the authority of the folder sign it. */
export async function sign({ dir, file, days, force, ...wanted }: Order): Promise<Made> {
  const authority = readAuthority(dir);
  requireFree(dir, file, force);
  const { key, publicKey } = makeKeyPair();
  const cert = await issueCertificate(authority, { ...wanted, publicKey, ...validForDays(days) });
  return writePair(dir, file, { cert, key });
}
