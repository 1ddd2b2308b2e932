import { callsAsUser, type CaseContext, type FsCall } from '../../../src/harness/api/index.js';

/** Skips the case where another user can not even reach its directory: then no answer says anything about modes. */
export async function requireReachable(context: CaseContext): Promise<void> {
  await asNobody(context);
}

/**
 * The answers of another user's calls: `ok` or errno names. One process for them and for the look whether that user
 * reaches the directory of the case at all: a process takes longer than all of them.
 */
export async function asNobody(context: CaseContext, ...calls: FsCall[]): Promise<readonly string[]> {
  const look: FsCall = ['readdir', context.directory];
  const [reached, ...answers] = await callsAsUser([look, ...calls], { signal: context.signal });
  if (reached === 'ok') return answers;
  context.skip(
    `another user can not reach ${context.directory} (${reached ?? 'no answer'}); a mount needs allow_other`,
  );
}
