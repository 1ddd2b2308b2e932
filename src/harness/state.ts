import { homedir } from 'node:os';
import { join } from 'node:path';

/**
 * The folder where ObjectFS remembers what it has made and not yet removed, across runs.
 *
 * @returns `OBJECTFS_STATE_DIR`, else `objectfs` below `XDG_STATE_HOME` (XDG Base Directory Specification 0.8), else
 * below `~/.local/state`. An empty variable counts as absent, as that specification says.
 */
export function stateFolder(environment: NodeJS.ProcessEnv = process.env): string {
  const own = environment['OBJECTFS_STATE_DIR'];
  if (own !== undefined && own !== '') return own;
  const xdg = environment['XDG_STATE_HOME'];
  const base = xdg !== undefined && xdg !== '' ? xdg : join(homedir(), '.local', 'state');
  return join(base, 'objectfs');
}

/** The ledger of buckets, mounts and processes. */
export function ledgerPath(environment: NodeJS.ProcessEnv = process.env): string {
  return join(stateFolder(environment), 'ledger.jsonl');
}
