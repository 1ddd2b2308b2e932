import { pino, type DestinationStream, type Logger } from 'pino';
import type { Config } from '../config/schema.js';

/** Structured logger; children carry the part of the program they speak for. */
export type Log = Logger;

const SECRETS = [
  'secretAccessKey',
  'sessionToken',
  '*.secretAccessKey',
  '*.sessionToken',
  '*.*.secretAccessKey',
];

/**
 * A logger of JSON lines.
 *
 * @param level - Nothing below this level is written.
 * @param destination - Where lines go. @defaultValue stderr, because stdout belongs to the command's own output.
 */
export function createLog(level: Config['log']['level'], destination?: DestinationStream): Log {
  const options = { level, redact: SECRETS, base: { pid: process.pid } };
  return pino(options, destination ?? pino.destination({ fd: 2, sync: false }));
}

/** Writes nothing; for tests and for library use without a log. */
export const silentLog: Log = pino({ level: 'silent' });
