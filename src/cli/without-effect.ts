import { usageError } from '../errors/failure.js';
import type { Flags } from './options.js';

/** Whether somebody wrote the flag: `false` is what a switch is without it. */
export function isGiven(flags: Flags, name: string): boolean {
  return flags[name] !== undefined && flags[name] !== false;
}

/**
 * Refuses flags that mean nothing in this place: one that has no effect would be a lie.
 *
 * @param names - as the parser has them, `updateBaseline`.
 * @param where - `with --cost`.
 * @param remedy - What can be given instead.
 * @throws Failure `usage`, naming the first flag that was given.
 */
export function refuseWithoutEffect(
  flags: Flags,
  names: readonly string[],
  where: string,
  remedy: string,
): void {
  const wrong = names.find((name) => isGiven(flags, name));
  if (wrong !== undefined) throw usageError(`--${dashed(wrong)} has no effect ${where}`, remedy);
}

/** `update-baseline` of `updateBaseline`. */
export function dashed(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
