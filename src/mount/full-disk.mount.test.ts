import { execFile } from 'node:child_process';
import * as fs from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { FaultRules } from '../emulator/faults/rules.js';
import { describeMount } from '../harness/testing/mount-tests.js';
import { startMount, type RunningMount } from './start.js';
import { makeMountPlace, startTestServer, type MountPlace, type TestServer } from './testing/mount-place.js';

const run = promisify(execFile);
/** More than a file has in memory: it lies on the disk. */
const LARGE = Buffer.alloc(256 * 1024, 'large');
const REFUSED: FaultRules = {
  rules: [{ operation: 'PutObject', fault: { kind: 'status', status: 403 } }],
};

describeMount('a mount whose cache disk is full', () => {
  let server: TestServer;
  let place: MountPlace;
  let mount: RunningMount;

  beforeEach(async () => {
    server = await startTestServer();
    place = await makeMountPlace();
    await fs.mkdir(join(place.folder, 'cache'));
    await run('mount', ['-t', 'tmpfs', '-o', 'size=2m,mode=0700', 'none', join(place.folder, 'cache')]);
    mount = await startMount(place.plan(server.connection), { foreground: true });
  });
  afterEach(async () => {
    await mount.unmount();
    await mount.done;
    await run('umount', [join(place.folder, 'cache')]);
    await server.close();
    await place.remove();
  });

  async function fill(): Promise<string> {
    const path = join(place.folder, 'cache', 'filler');
    const step = Buffer.alloc(4096, 1);
    for (;;) {
      const code = await fs.appendFile(path, step).catch((reason: unknown) => reason);
      if (code === undefined) continue;
      expect(code).toMatchObject({ code: 'ENOSPC' });
      return path;
    }
  }

  /** Writes a large file whose upload fails on a disk that has become full. */
  async function failOnFullDisk(): Promise<string> {
    await server.process.setFaults(REFUSED);
    const file = await fs.open(place.at('large'), 'w');
    await file.write(LARGE);
    const filler = await fill();
    await expect(file.close()).rejects.toMatchObject({ code: 'EACCES' });
    await server.process.setFaults(undefined);
    return filler;
  }

  test('goes on with small files, and with large ones when there is room again, without a remount', async () => {
    const filler = await failOnFullDisk();
    for (const name of ['small', 'smaller', 'large']) {
      await fs.writeFile(place.at(name), name);
      expect(await fs.readFile(place.at(name), 'utf8')).toBe(name);
    }
    await expect(fs.writeFile(place.at('other'), LARGE)).rejects.toMatchObject({ code: 'ENOSPC' });
    await fs.rm(filler);
    await fs.writeFile(place.at('other'), LARGE);
    expect((await fs.readFile(place.at('other'))).equals(LARGE)).toBe(true);
  }, 60_000);
});
