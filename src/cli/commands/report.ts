import { resolve } from 'node:path';
import type { ArgumentsCamelCase, Argv } from 'yargs';
import { textFlag } from '../reported-run.js';

export const command = 'report <runs..>';
export const describe = 'Render the reports of runs again from their results.json, several side by side';

export function builder(yargs: Argv): Argv {
  return yargs
    .positional('runs', { type: 'string', array: true, demandOption: true, describe: 'Folders of runs' })
    .option('out', {
      type: 'string',
      requiresArg: true,
      describe: 'Folder of the new report; else the folder of the run, or reports/compared for several',
    })
    .example('objectfs report reports/20261122-101500-abc123', 'HTML, PNG and JUnit from results.json')
    .example('objectfs report reports/a reports/b --out reports/both', 'Two runs side by side');
}

export async function handler(flags: ArgumentsCamelCase): Promise<void> {
  const runs = flags['runs'];
  const folders = Array.isArray(runs) ? runs.map((folder) => resolve(String(folder))) : [];
  const { readRun } = await import('../../report/read.js');
  const { renderRuns } = await import('../../report/write.js');
  const reports = await Promise.all(folders.map((folder) => readRun(folder)));
  const out = textFlag(flags, 'out') ?? (folders.length === 1 ? folders[0] : undefined);
  const paths = await renderRuns(reports, resolve(out ?? 'reports/compared'));
  for (const path of paths) process.stdout.write(`${path}\n`);
}
