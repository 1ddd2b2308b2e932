import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** uid and gid of `nobody`, which owns nothing. */
export const NOBODY = 65_534;

/** A call of `node:fs` by name, without its `Sync`: `['open', path, flags]`. Its arguments are JSON values. */
export type FsCall = readonly [name: string, ...args: readonly (string | number | null)[]];

/** Runs in the child: each call in turn, answering `ok` or the errno name. A descriptor that `open` gave is closed. */
const CHILD_SCRIPT = `
const fs = require('fs');
process.umask(0o022);
const answers = JSON.parse(process.argv[1]).map(([name, ...args]) => {
  try {
    const result = fs[name + 'Sync'](...args);
    if (name === 'open') fs.closeSync(result);
    return 'ok';
  } catch (error) {
    return error.code ?? String(error);
  }
});
process.stdout.write(JSON.stringify(answers));
`;

/**
 * Makes the calls as another user, with no supplementary groups and no capabilities, in a child process. Needs root.
 *
 * @param calls - Made in order.
 * @param options - Who asks, and the case's signal. @defaultValue user and group {@link NOBODY}.
 * @returns `ok` or the errno name of each call.
 */
export async function callsAsUser(
  calls: readonly FsCall[],
  options: { readonly uid?: number; readonly gid?: number; readonly signal?: AbortSignal } = {},
): Promise<readonly string[]> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['-e', CHILD_SCRIPT, JSON.stringify(calls)],
    {
      uid: options.uid ?? NOBODY,
      gid: options.gid ?? NOBODY,
      cwd: '/',
      env: {},
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    },
  );
  // The script above prints an array of strings and nothing else.
  return JSON.parse(stdout) as readonly string[];
}
