import type { Target } from "./connection-url.ts";

/** The parts of an error of `pg` or of Node's net and tls that say what happened. */
export interface DriverError {
  readonly code?: string;
  readonly severity?: string;
  readonly message?: string;
}

type Sentence = (at: Target, error: DriverError) => string;

const server = (at: Target) => `${at.host}:${at.port}`;
const place = (at: Target) => `database "${at.database}" at ${server(at)} as user "${at.user}"`;

const noTrust: Sentence = (at, error) =>
  `The certificate of Postgres at ${server(at)} is not trusted (${error.code}): give its authority with sslrootcert=FILE in TSS_DATABASE_URL, or correct the certificate; the connection was for ${place(at)}.`;

const tooFar: Sentence = (at) =>
  `Postgres at ${server(at)} does not answer: check host, port, network and firewall in the way to ${place(at)}.`;

const noAccess: Sentence = (at, error) =>
  `Postgres at ${server(at)} does not let user "${at.user}" into database "${at.database}" (${error.message}): let the user in (pg_hba.conf, CREATE ROLE … LOGIN) or name another one in TSS_DATABASE_URL.`;

const away: Sentence = (at, error) =>
  `Postgres at ${server(at)} is starting, stopping or has closed the connection (${error.message}): try again when it serves ${place(at)}.`;

/** By SQLSTATE, or by code of Node's net and tls. */
const SENTENCES: Readonly<Record<string, Sentence>> = {
  ECONNREFUSED: (at) =>
    `Nothing listens on ${server(at)}: start Postgres there, or correct host and port of ${place(at)} in TSS_DATABASE_URL.`,
  ENOTFOUND: (at) =>
    `The host name "${at.host}" is not known: correct it in TSS_DATABASE_URL (${place(at)}), or mend the name service.`,
  EAI_AGAIN: (at) =>
    `The host name "${at.host}" cannot be looked up now: check the name service of this machine (${place(at)}).`,
  ENOENT: (at) =>
    `There is no socket of Postgres in ${at.host} for port ${at.port}: start Postgres, or correct the folder in TSS_DATABASE_URL (${place(at)}).`,
  ETIMEDOUT: tooFar,
  EHOSTUNREACH: tooFar,
  ENETUNREACH: tooFar,
  ECONNRESET: away,
  "28P01": (at) =>
    `Postgres at ${server(at)} refuses the password of user "${at.user}" for database "${at.database}": correct it in TSS_DATABASE_URL.`,
  "28000": noAccess,
  "3D000": (at) =>
    `There is no database "${at.database}" at ${server(at)}: create it (CREATE DATABASE) so that user "${at.user}" may use it, or name another one in TSS_DATABASE_URL.`,
  "42501": (at, error) =>
    `User "${at.user}" lacks a right in database "${at.database}" at ${server(at)} (${error.message}): make the user owner of the database, or grant it.`,
  "25006": (at) =>
    `Postgres at ${server(at)} takes no writes (it is a standby or read-only): name the primary in TSS_DATABASE_URL instead of ${place(at)}.`,
  "53300": (at) =>
    `Postgres at ${server(at)} has no connection left: raise max_connections or close other clients of ${place(at)}.`,
  "53100": (at) => `The disk of Postgres at ${server(at)} is full: make room; it holds ${place(at)}.`,
  "57014": (at) =>
    `A statement on ${place(at)} took too long and was ended: the server is overloaded or the question too large; try again later.`,
  "55P03": (at) =>
    `A lock on ${place(at)} was not free in time: end long transactions of other clients, or try again later.`,
  "57P01": away,
  "57P02": away,
  "57P03": away,
  SELF_SIGNED_CERT_IN_CHAIN: noTrust,
  DEPTH_ZERO_SELF_SIGNED_CERT: noTrust,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: noTrust,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: noTrust,
  CERT_HAS_EXPIRED: noTrust,
  ERR_TLS_CERT_ALTNAME_INVALID: noTrust,
};

/** Errors that the driver makes itself carry no code. */
const BY_MESSAGE: readonly (readonly [RegExp, Sentence])[] = [
  [
    /does not support SSL/i,
    (at) =>
      `Postgres at ${server(at)} does not offer TLS: remove sslmode from TSS_DATABASE_URL or turn ssl on in the server that holds ${place(at)}.`,
  ],
  [
    /password must be a string|no password supplied/i,
    (at) =>
      `Postgres at ${server(at)} asks for a password of user "${at.user}" and there is none: put it in TSS_DATABASE_URL (database "${at.database}").`,
  ],
  [/timeout/i, tooFar],
  [/terminated|Connection ended|ECONNRESET/i, away],
];

/** One sentence for people: what is wrong with the connection, where, and what to do. */
export function explain(error: unknown, at: Target): string {
  const known = error as DriverError;
  const sentence =
    SENTENCES[known.code ?? ""] ?? BY_MESSAGE.find(([pattern]) => pattern.test(known.message ?? ""))?.[1];
  return (
    sentence?.(at, known) ??
    `Postgres cannot be used (${known.code ?? "error"}: ${known.message ?? String(error)}): check ${place(at)} in TSS_DATABASE_URL.`
  );
}
