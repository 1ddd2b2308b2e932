import { closeSync, openSync } from 'node:fs';
import { Failure } from '../errors/failure.js';
import type { Log } from '../log/log.js';
import { dup2, lastErrno } from '../libc/libc.js';

const STDERR = 2;

/**
 * Opens the log file anew and puts it in the place of stderr, after logrotate(8) has moved the old one away: the
 * log, and what a crash prints, go on in a file of the same name. Where that fails the old file is written on.
 */
export function reopenLog(path: string, log: Log): void {
  try {
    const file = openSync(path, 'a', 0o600);
    const placed = dup2(file, STDERR);
    const errno = lastErrno();
    closeSync(file);
    if (placed < 0) throw new Failure('internal', `dup2(2) failed with error number ${errno}`);
    log.info({ path }, 'log file opened anew');
  } catch (reason) {
    log.error({ path, err: Failure.from(reason) }, 'the log file can not be opened anew');
  }
}
