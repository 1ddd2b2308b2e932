import { execa } from 'execa';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describeMount } from '../harness/testing/mount-tests.js';
import { faultyStore } from '../s3/faulty.js';
import { Driver } from './testing/driver.js';
import { startFixture, type Fixture } from './testing/fixture.js';

const DISK_BYTES = 2 ** 20;
/** So large that it does not wait in memory. */
const BYTES = Buffer.alloc(300_000, 'x');

describeMount('a cache folder on a disk that is full', () => {
  let fixture: Fixture;
  let disk: string;

  beforeEach(async () => {
    fixture = await startFixture();
    disk = join(fixture.folder, 'disk');
    await mkdir(disk);
    await execa('mount', ['-t', 'tmpfs', '-o', `size=${DISK_BYTES},mode=0700`, 'objectfs-test', disk]);
  });
  afterEach(async () => {
    await execa('umount', ['-l', disk]);
    await fixture.close();
  });

  /** Takes all room that is left; what was written before stays. */
  async function fillUp(): Promise<void> {
    await expect(writeFile(join(disk, 'filler'), Buffer.alloc(DISK_BYTES))).rejects.toMatchObject({
      code: 'ENOSPC',
    });
  }

  test('still keeps the bytes of a failed upload, and names them without a note beside them', async () => {
    const faulty = faultyStore(fixture.store, { nth: 1, mode: 'from-then-on', methods: ['put'] });
    const fs = await fixture.mount({ store: faulty.store, cacheDir: 'disk/cache', diskCache: 0 });
    const file = await new Driver(fs).create('a');
    await file.write(0, BYTES);
    await mkdir(join(disk, 'cache/recovery'), { recursive: true });
    await fillUp();
    await expect(file.flush()).rejects.toMatchObject({
      errno: 'EIO',
      message: expect.stringMatching(/its bytes are in .*recovery/) as string,
    });
    await file.release();
    const kept = await readdir(join(disk, 'cache/recovery'));
    expect(kept).toHaveLength(1);
    expect((await readFile(join(disk, 'cache/recovery', kept[0] ?? ''))).equals(BYTES)).toBe(true);
  });
});
