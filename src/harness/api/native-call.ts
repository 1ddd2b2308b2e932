import koffi from 'koffi';
import { nameOfErrno } from './errno-names.js';

/** A function of the C library: every one that is bound here answers with an integer. */
export type NativeCall = (...args: readonly unknown[]) => number | bigint;

/** Binds a function by its C prototype; several prototypes of one function may stand side by side. */
export function bind(definition: string): NativeCall {
  // koffi types every function it makes as (...args: any[]) => any; all of ours answer with an integer.
  return koffi.load(null).func(definition) as NativeCall;
}

/** NUL-terminated UTF-8. */
export function cString(text: string): Buffer {
  return Buffer.from(`${text}\0`, 'utf8');
}

/**
 * The result of a call that answers with -1 when it failed.
 *
 * @throws NodeJS.ErrnoException shaped like those of `node:fs`.
 */
export function check(syscall: string, path: string | undefined, result: number | bigint): number | bigint {
  if (result >= 0) return result;
  const errno = koffi.errno();
  const code = nameOfErrno(errno) ?? `E${errno}`;
  const about = path === undefined ? '' : ` '${path}'`;
  const error: NodeJS.ErrnoException = new Error(`${code}: ${syscall}${about}`);
  throw Object.assign(error, { code, errno: -errno, syscall, ...(path === undefined ? {} : { path }) });
}
