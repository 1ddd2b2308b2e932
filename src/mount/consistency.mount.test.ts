import { existsSync } from 'node:fs';
import * as fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { configSchema } from '../config/schema.js';
import { startEmulator, type Emulator } from '../emulator/emulator.js';
import { createBucketAdmin } from '../s3/admin.js';
import { startMount, type RunningMount } from './start.js';

const canMount = existsSync('/dev/fuse') && process.getuid?.() === 0;
const describeMount = canMount ? describe : describe.skip;

describeMount('two mounts of one bucket (needs /dev/fuse and root)', () => {
  let emulator: Emulator;
  let folder: string;
  let mounts: RunningMount[];

  beforeEach(async () => {
    emulator = await startEmulator();
    const { endpoint, region, credentials } = emulator;
    const connection = { endpoint, region, credentials, forcePathStyle: true };
    const admin = createBucketAdmin(connection);
    await admin.create('shared');
    admin.close();
    folder = await fs.realpath(await fs.mkdtemp(join(tmpdir(), 'objectfs-shared-')));
    mounts = [];
    for (const name of ['a', 'b']) {
      const mountPoint = join(folder, name);
      await fs.mkdir(mountPoint);
      // Nothing grows old: what is seen is seen for another reason.
      const ttl = { attributeTtlMs: 600_000, entryTtlMs: 600_000 };
      const config = configSchema.parse({
        mount: { cacheDir: join(folder, `cache-${name}`), ...ttl },
        log: { level: 'fatal' },
      });
      const plan = { bucket: 'shared', prefix: '', mountPoint, connection, config };
      mounts.push(await startMount(plan, { foreground: true }));
    }
  });
  afterEach(async () => {
    for (const mount of mounts) {
      await mount.unmount();
      await mount.done;
    }
    await emulator.close();
    await fs.rm(folder, { recursive: true });
  });

  test('what one has closed, the other sees with its next open, though the kernel has it cached', async () => {
    const [mine, theirs] = [join(folder, 'a', 'f'), join(folder, 'b', 'f')];
    await fs.writeFile(mine, 'first');
    expect(await fs.readFile(theirs, 'utf8')).toBe('first');
    await fs.writeFile(mine, 'second, and longer');
    expect(await fs.readFile(theirs, 'utf8')).toBe('second, and longer');
    expect((await fs.stat(theirs)).size).toBe(18);
    await fs.writeFile(mine, '3rd');
    expect(await fs.readFile(theirs, 'utf8')).toBe('3rd');
  }, 60_000);

  test('a file that is replaced while it is open here is another file for the next open', async () => {
    const [mine, theirs] = [join(folder, 'a', 'f'), join(folder, 'b', 'f')];
    await fs.writeFile(mine, 'first');
    const open = await fs.open(theirs);
    expect((await open.read(Buffer.alloc(5), 0, 5, 0)).bytesRead).toBe(5);
    await fs.writeFile(mine, 'second');
    expect(await fs.readFile(theirs, 'utf8')).toBe('second');
    expect((await open.stat()).nlink).toBe(0);
    await open.close();
  }, 60_000);
});
