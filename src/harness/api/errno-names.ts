import { ERRNO } from '../../errors/errno.js';

const NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(ERRNO).map(([name, number]) => [number, name]),
);

/** The name of an error number, positive or as Node gives it negative. */
export function nameOfErrno(errno: number): string | undefined {
  return NAMES.get(Math.abs(errno));
}
