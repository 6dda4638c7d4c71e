import { pino } from "pino";

/** Structured lines on standard error. Never log payloads, results, environment values or keys. */
export interface Logger {
  error(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  info(fields: object, message: string): void;
  debug(fields: object, message: string): void;
  /** A logger whose lines carry these fields too. */
  child(fields: object): Logger;
}

/** @param level the lowest level that is written: error, warn, info or debug. */
export function createLogger(level: string, fields: object = {}): Logger {
  return pino(
    { level, base: fields, timestamp: pino.stdTimeFunctions.isoTime, errorKey: "error" },
    pino.destination({ fd: 2, sync: true }),
  );
}

/** Writes nothing. */
export const silentLogger: Logger = {
  error() {},
  warn() {},
  info() {},
  debug() {},
  child: () => silentLogger,
};
