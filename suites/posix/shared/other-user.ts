import { callsAsUser, type CaseContext, type FsCall } from '../../../src/harness/api/index.js';

/** Skips the case where another user can not even reach its directory: then no answer says anything about modes. */
export async function requireReachable(context: CaseContext): Promise<void> {
  const [answer] = await callsAsUser([['readdir', context.directory]], { signal: context.signal });
  if (answer === 'ok') return;
  context.skip(
    `another user can not reach ${context.directory} (${answer ?? 'no answer'}); a mount needs allow_other`,
  );
}

/** The answers of another user's calls: `ok` or errno names. */
export async function asNobody(context: CaseContext, ...calls: FsCall[]): Promise<readonly string[]> {
  await requireReachable(context);
  return callsAsUser(calls, { signal: context.signal });
}
