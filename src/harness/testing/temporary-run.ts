import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ledger } from '../ledger.js';
import { openRun, type RunScope } from '../run-scope.js';

/** A run with a ledger of its own, for tests. */
export interface TemporaryRun {
  readonly folder: string;
  readonly ledger: Ledger;
  readonly scope: RunScope;
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
