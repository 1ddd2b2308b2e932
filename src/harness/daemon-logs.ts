import { copyFile, mkdir, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** In the folder of a run: where mounts of our own write their logs, where no file is configured. */
export function daemonLogs(runFolder: string): string {
  return join(runFolder, 'logs');
}

/**
 * Copies what daemons have said into the folder of the report. Not written there at once: a run that is stopped leaves
 * no folder without a report. A daemon that said nothing has no file.
 */
export async function keepDaemonLogs(runFolder: string, reportFolder: string): Promise<void> {
  const from = daemonLogs(runFolder);
  const names = await readdir(from).catch(() => []);
  for (const name of names) {
    const { size } = await stat(join(from, name));
    if (size === 0) continue;
    await mkdir(join(reportFolder, 'logs'), { recursive: true });
    await copyFile(join(from, name), join(reportFolder, 'logs', name));
  }
}
