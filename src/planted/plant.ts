import { readFileSync } from 'node:fs';
import { HANGS } from './hangs.js';
import type { Mutant, SeamName, Seams } from './mutant.js';
import { MUTANTS } from './mutants/index.js';

export { MUTANTS };

/** What a composition root puts its parts through; see `src/config/planted.ts`. */
export type Plant = { readonly [Name in SeamName]: (sound: Seams[Name]) => Seams[Name] };

/**
 * Wraps the parts of a process so that the defect whose id stands in a file works in them, from one call to the next.
 * An empty file means none.
 */
export function plantBy(switchFile: string): Plant {
  const active = activeIn(switchFile);
  return {
    fileSystem: (sound) => planted('fileSystem', sound, active),
    store: (sound) => planted('store', sound, active),
    transporter: (sound) => planted('transporter', sound, active),
    diskTier: (sound) => planted('diskTier', sound, active),
    server: (sound) => planted('server', sound, active),
    uplink: (sound) => planted('uplink', sound, active),
    downlink: (sound) => planted('downlink', sound, active),
  };
}

/** The file is read at each call: it is small, local, and there is nothing to be late. */
function activeIn(switchFile: string): () => string {
  return () => readFileSync(switchFile, 'utf8').trim();
}

/** The sound part, with what the active mutant of this seam has instead. */
function planted<Name extends SeamName>(where: Name, sound: Seams[Name], active: () => string): Seams[Name] {
  let id = '';
  let instead: Partial<Seams[Name]> = {};
  const current = (): Partial<Seams[Name]> => {
    const now = active();
    if (now !== id) {
      id = now;
      instead = plantingOf(where, now)?.(sound) ?? {};
    }
    return instead;
  };
  return new Proxy<Seams[Name]>(sound, {
    get(_target, property) {
      // The contracts have string members only, and a proxy is asked for nothing else of them.
      const name = property as keyof Seams[Name];
      const member = sound[name];
      if (typeof member !== 'function') return current()[name] ?? member;
      return (...args: readonly unknown[]): unknown => {
        const chosen: unknown = current()[name] ?? member;
        return Reflect.apply(chosen as () => unknown, sound, args); // both are that method
      };
    },
  });
}

function plantingOf<Name extends SeamName>(where: Name, id: string) {
  const mutant: Mutant | undefined = [...MUTANTS, ...HANGS].find((each) => each.id === id);
  // A mutant's seam decides the type of its planting, which a lookup by name loses.
  return mutant?.where === where
    ? (mutant.plant as unknown as (sound: Seams[Name]) => Partial<Seams[Name]>)
    : undefined;
}
