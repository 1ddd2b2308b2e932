import { Failure } from '../../errors/failure.js';
import type { ListPage, WriteResult } from '../../s3/store.js';
import { mutantsOf } from '../mutant.js';

/** Defects that show only under load, or while the server fails. */
export const LOAD_MUTANTS = mutantsOf('fileSystem', [
  [
    'open-under-rename-stands-still',
    'an open that comes while a rename is under way never gets its answer, as with locks taken in a wrong order',
    ['stress:deadlock/few-names', 'stress:mixed/few-of-each'],
    (sound) => {
      let renames = 0;
      return {
        rename: async (...args) => {
          renames += 1;
          try {
            await sound.rename(...args);
          } finally {
            renames -= 1;
          }
        },
        open: async (...args) => {
          if (renames > 0) await new Promise(() => undefined);
          return sound.open(...args);
        },
      };
    },
  ],
]);

export const OUTAGE_MUTANTS = mutantsOf('store', [
  [
    'refused-write-is-acknowledged',
    'a write that S3 refuses is acknowledged, as a write-back cache without a journal does',
    ['stress:faults/create', 'stress:faults/overwrite'],
    (sound) => ({
      put: (key, body, options) =>
        sound.put(key, body, options).catch((reason: unknown): WriteResult => {
          if (!isDenied(reason)) throw reason;
          return { etag: '"0"' };
        }),
    }),
  ],
  [
    'refused-head-is-missing',
    'a file whose HEAD is refused (403) is not there',
    ['stress:faults/refused-is-not-missing'],
    (sound) => ({
      head: (key, options) =>
        sound.head(key, options).catch((reason: unknown) => {
          throw isDenied(reason) ? new Failure('missing', `${key} is missing`) : reason;
        }),
    }),
  ],
  [
    'refused-listing-is-empty',
    'a directory whose listing is refused (403) is empty',
    ['stress:faults/refused-is-not-missing'],
    (sound) => ({
      list: (options) =>
        sound.list(options).catch((reason: unknown): ListPage => {
          if (!isDenied(reason)) throw reason;
          return { objects: [], commonPrefixes: [] };
        }),
    }),
  ],
]);

function isDenied(reason: unknown): boolean {
  return Failure.from(reason).kind === 'denied';
}
