import { mutantsOf } from './mutant.js';

/** Defects for tests of whoever looks into hangs. They are not on the board: each costs the time limit of a case. */
export const HANGS = mutantsOf('fileSystem', [
  [
    'mkdir-runs-in-circles',
    'the event loop of the mount never turns again',
    [],
    () => ({
      mkdir: function runInCircles() {
        for (;;);
      },
    }),
  ],
]);
