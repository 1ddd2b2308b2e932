import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { ObjectPaths } from './cached-object.js';
import type { SumsIdentity } from './block-sums.js';

/** Names one version of one object on disk. */
export interface ObjectIdentity extends SumsIdentity {
  /** Relative path without an ending: `ab/cdef...`. */
  readonly name: string;
}

export const DATA_ENDING = '.data';
export const SUMS_ENDING = '.sums';

/** @param id - Differs between any two contents. */
export function identify(id: string, sizeBytes: number, blockBytes: number): ObjectIdentity {
  const digest = createHash('sha256').update(`${id}\n${sizeBytes}`).digest();
  const text = digest.toString('hex', 0, 20);
  return { name: `${text.slice(0, 2)}/${text.slice(2)}`, digest, sizeBytes, blockBytes };
}

export function pathsOf(folder: string, name: string): ObjectPaths {
  const base = join(folder, name);
  return { data: base + DATA_ENDING, sums: base + SUMS_ENDING };
}
