import { ServerCredentials } from "@grpc/grpc-js";
import type { Logger } from "../../runtime/logger.ts";
import { openTls, type TlsFiles, type TlsIdentity } from "../../runtime/tls/tls-files.ts";

/** What a listener shows, and how it is kept up to date. */
export interface ListenerCredentials {
  readonly credentials: ServerCredentials;
  /** Connections from now on see the files as they are. */
  refresh(): void;
}

/**
 * TLS 1.2 or newer with these files; without them plaintext. With authorities for clients, every caller is asked for a
 * certificate; one that has none is let in so far that it can be told what is missing, and may join
 * (`client-certificate.ts`).
 * @throws TssError FAILED_PRECONDITION naming the file.
 */
export function listenerCredentials(tls: TlsFiles | undefined, logger: Logger): ListenerCredentials {
  if (tls === undefined) return { credentials: ServerCredentials.createInsecure(), refresh() {} };
  const files = openTls(tls, logger);
  let shown = files.latest();
  const credentials = new FreshCredentials(shown);
  return {
    credentials,
    refresh() {
      const latest = files.latest();
      if (latest === shown) return;
      shown = latest;
      credentials.show(latest);
      logger.info({ cert: tls.certPath }, "new connections see a new certificate");
    },
  };
}

class FreshCredentials extends ServerCredentials {
  constructor(identity: TlsIdentity) {
    const requestCert = identity.clientCa !== undefined;
    super({ requestCert, rejectUnauthorized: false, minVersion: "TLSv1.2" }, contextOf(identity));
  }

  show(identity: TlsIdentity): void {
    this.updateSecureContextOptions(contextOf(identity));
  }

  _equals(other: ServerCredentials): boolean {
    return other === this;
  }
}

function contextOf({ cert, key, clientCa }: TlsIdentity) {
  return { cert, key, minVersion: "TLSv1.2", ...(clientCa === undefined ? {} : { ca: clientCa }) } as const;
}
