import { ServerCredentials } from "@grpc/grpc-js";
import { readTls, type TlsFiles } from "../../runtime/tls/tls-files.ts";

/** TLS 1.2 or newer with this certificate; without one plaintext. @throws TssError FAILED_PRECONDITION naming the file. */
export function serverCredentials(tls: TlsFiles | undefined): ServerCredentials {
  if (tls === undefined) return ServerCredentials.createInsecure();
  const { cert, key } = readTls(tls);
  return ServerCredentials.createSsl(null, [{ cert_chain: cert, private_key: key }]);
}
