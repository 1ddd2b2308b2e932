import { chmod, mkdir, readdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { configSchema } from '../../../config/schema.js';
import { silentProgress } from '../../../log/progress.js';
import type { SuiteResult } from '../../../report/model.js';
import type { Selection } from '../../selection.js';
import { directoryTarget } from '../../targets/directory.js';
import { TargetSession } from '../../targets/session.js';
import type { RunPlace } from '../../testing/temporary-run.js';
import { chooseExternal } from '../choose.js';
import { runExternal } from '../run-external.js';
import type { ExternalWish } from '../wish.js';

/** Executable shell scripts by their names, in a folder of the run. */
export async function writeScripts(
  run: RunPlace,
  scripts: Readonly<Record<string, string>>,
): Promise<string> {
  const folder = join(run.folder, 'programs');
  for (const [name, body] of Object.entries(scripts)) {
    const file = join(folder, name);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, `#!/bin/sh\n${body}\n`);
    await chmod(file, 0o755);
  }
  return folder;
}

/** A started target on a plain directory. */
export async function startDirectory(run: RunPlace, signal: AbortSignal): Promise<TargetSession> {
  const directory = join(run.folder, 'target');
  await mkdir(directory);
  const place = { runId: run.scope.runId, folder: run.folder, config: configSchema.parse({}) };
  const session = new TargetSession(await directoryTarget(directory), { ...place, record: run.scope.record });
  await session.start(signal);
  return session;
}

/** What the programs of a wish come to on a target, and the names that they left there. */
export async function runOutside(
  run: RunPlace,
  session: TargetSession,
  wish: ExternalWish,
  {
    signal,
    selection = {},
    ...hangs
  }: { readonly signal: AbortSignal; readonly selection?: Selection; readonly hangFolder?: string },
): Promise<SuiteResult & { readonly left: readonly string[] }> {
  const { suite, external } = await chooseExternal(wish, 7, selection);
  if (external === undefined) throw new Error('The choice has no programs');
  const job = {
    scope: run.scope,
    suite,
    control: false,
    session,
    progress: silentProgress,
    ...hangs,
    ...external,
  };
  const result = await runExternal(job, signal);
  return { ...result, left: await readdir(session.target.directory) };
}
