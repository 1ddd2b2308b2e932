import { resolve } from 'node:path';

/** Absolute path of the folder of a run's report. @param out - As the user named it. */
export function reportFolder(runId: string, out?: string): string {
  return resolve(out ?? `reports/${runId}`);
}
