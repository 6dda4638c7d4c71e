import { ChannelCredentials, credentials } from "@grpc/grpc-js";
import type { ConnectionOptions, TlsTexts } from "../connection-types.ts";

/** How a connection is protected, as its options say. */
export function credentialsOf(tls: ConnectionOptions["tls"]): ChannelCredentials {
  if (tls === undefined) return credentials.createInsecure();
  return typeof tls === "function" ? new FreshCredentials(tls) : secured(tls);
}

type Connect = ChannelCredentials["_createSecureConnector"];

/** TLS by what is told anew for each connection that is made; one that is there goes on with what it had. */
class FreshCredentials extends ChannelCredentials {
  readonly #latest: () => TlsTexts;
  #texts: TlsTexts | undefined;
  #made: ChannelCredentials | undefined;

  constructor(latest: () => TlsTexts) {
    super();
    this.#latest = latest;
  }

  override _isSecure(): boolean {
    return true;
  }

  override _equals(other: ChannelCredentials): boolean {
    return other === this;
  }

  override _createSecureConnector(...how: Parameters<Connect>): ReturnType<Connect> {
    const connector = () => this.#now()._createSecureConnector(...how);
    const first = connector();
    return {
      connect: async (socket) => connector().connect(socket),
      waitForReady: () => first.waitForReady(),
      getCallCredentials: () => first.getCallCredentials(),
      destroy: () => first.destroy(),
    };
  }

  #now(): ChannelCredentials {
    const texts = this.#latest();
    if (this.#made === undefined || texts !== this.#texts) this.#made = secured(texts);
    this.#texts = texts;
    return this.#made;
  }
}

function secured({ ca, key, cert }: TlsTexts): ChannelCredentials {
  const buffer = (text: string | undefined) => (text === undefined ? null : Buffer.from(text));
  return credentials.createSsl(buffer(ca), buffer(key), buffer(cert));
}
