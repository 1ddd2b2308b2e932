import { createRequire } from 'node:module';
import type { DestinationStream, Logger, pino } from 'pino';
import type { Config } from '../config/schema.js';

/** Structured logger. */
export type Log = Pick<Logger, Level>;

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;
type Level = (typeof LEVELS)[number];

const SECRETS = [
  'secretAccessKey',
  'sessionToken',
  '*.secretAccessKey',
  '*.sessionToken',
  '*.*.secretAccessKey',
];

/**
 * A logger of JSON lines. `pino` is loaded with the first line: a copy that goes well writes none, and would wait for it.
 *
 * @param level - Nothing below this level is written.
 * @param destination - Where lines go. @defaultValue stderr, because stdout belongs to the command's own output.
 */
export function createLog(level: Config['log']['level'], destination?: DestinationStream): Log {
  let made: Logger | undefined;
  const get = (): Logger => (made ??= makeLogger(level, destination));
  return logOf((name) => (LEVELS.indexOf(name) < LEVELS.indexOf(level) ? drop : lineTo(get, name)));
}

/** Writes nothing; for tests and for library use without a log. */
export const silentLog: Log = logOf(() => drop);

function makeLogger(level: Config['log']['level'], destination: DestinationStream | undefined): Logger {
  // A log is made where nobody waits, so the module is not imported but required. Its type is that of its import.
  const make = createRequire(import.meta.url)('pino') as typeof pino;
  const options = { level, redact: SECRETS, base: { pid: process.pid } };
  return make(options, destination ?? make.destination({ fd: 2, sync: false }));
}

function logOf(method: (name: Level) => Log[Level]): Log {
  return {
    trace: method('trace'),
    debug: method('debug'),
    info: method('info'),
    warn: method('warn'),
    error: method('error'),
    fatal: method('fatal'),
  };
}

function drop(): void {
  // Below the level.
}

function lineTo(get: () => Logger, name: Level): Log[Level] {
  return (...line: unknown[]): void => {
    const logger = get();
    Reflect.apply(logger[name], logger, line);
  };
}
