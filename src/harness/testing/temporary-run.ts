import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ledger } from '../ledger.js';
import { openRun, type RunScope } from '../run-scope.js';

export interface RunPlace {
  readonly folder: string;
  readonly ledger: Ledger;
  readonly scope: RunScope;
}

/** A run with a ledger of its own, for tests. */
export interface TemporaryRun extends RunPlace {
  remove(): Promise<void>;
}

export async function temporaryRun(): Promise<TemporaryRun> {
  const folder = await mkdtemp(join(tmpdir(), 'objectfs-test-'));
  const ledger = new Ledger(join(folder, 'state', 'ledger.jsonl'));
  const scope = await openRun(ledger);
  const remove = async (): Promise<void> => {
    await scope.close();
    await rm(folder, { recursive: true });
  };
  return { folder, ledger, scope, remove };
}

/** A run of its own for each test of a file, for use inside tests. */
export function temporaryRunPerTest(): RunPlace {
  let current: TemporaryRun | undefined;
  const now = (): TemporaryRun => {
    if (current === undefined) throw new Error('The run is there inside tests only');
    return current;
  };
  beforeEach(async () => {
    current = await temporaryRun();
  });
  afterEach(async () => {
    await now().remove();
    current = undefined;
  });
  return {
    get folder() {
      return now().folder;
    },
    get ledger() {
      return now().ledger;
    },
    get scope() {
      return now().scope;
    },
  };
}
