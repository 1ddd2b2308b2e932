import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { daemonLogs, keepDaemonLogs } from './daemon-logs.js';

describe('the logs of the daemons of a run', () => {
  let place: string;
  beforeEach(async () => {
    place = await mkdtemp(join(tmpdir(), 'objectfs-daemon-logs-'));
  });
  afterEach(() => rm(place, { recursive: true }));

  test('those who said something lie beside the report, the others do not', async () => {
    await mkdir(daemonLogs(place));
    await writeFile(join(daemonLogs(place), 'range.log'), 'said\n');
    await writeFile(join(daemonLogs(place), 'posix.log'), '');
    await keepDaemonLogs(place, join(place, 'report'));
    expect(await readdir(join(place, 'report', 'logs'))).toEqual(['range.log']);
    expect(await readFile(join(place, 'report', 'logs', 'range.log'), 'utf8')).toBe('said\n');
  });

  test('where no daemon said anything no folder is made', async () => {
    await keepDaemonLogs(place, join(place, 'report'));
    expect(await readdir(place)).toEqual([]);
  });
});
