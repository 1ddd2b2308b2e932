import { basename } from 'node:path';
import { pathToFileURL } from 'node:url';
import { readPlan, writeEvent } from '../api/plan.js';

/*
 * The one test file that Jest sees: it loads the files of the suite, which define their cases. A test file of its own
 * for each would load Jest's frame and ours anew for each, a fifth of a second of the processor's time.
 */

const plan = readPlan();
for (const path of plan.load ?? []) {
  try {
    await import(pathToFileURL(path).href);
  } catch (reason) {
    const message = reason instanceof Error ? `${reason.name}: ${reason.message}` : String(reason);
    writeEvent(plan, { event: 'unloadable', file: basename(path), message });
  }
}
// Jest refuses a file without a test: none of them may be loadable.
test.skip('every case stands in the files above', () => undefined);
