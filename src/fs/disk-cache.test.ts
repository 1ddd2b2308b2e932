import { randomBytes } from 'node:crypto';
import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { Driver } from './testing/driver.js';
import { startFixture, type Fixture } from './testing/fixture.js';

let fixture: Fixture;
let cacheName: string;
let cacheDir: string;
const BYTES = randomBytes(3_000_001);

beforeAll(async () => {
  fixture = await startFixture();
});
afterAll(async () => {
  await fixture.close();
});
beforeEach(async () => {
  cacheName = `cache-${randomBytes(4).toString('hex')}`;
  cacheDir = join(fixture.folder, cacheName);
  await fixture.store.put('file', BYTES);
});

async function readOnce(options: { readonly diskCache?: number } = {}): Promise<Buffer> {
  const fs = await fixture.mount({ cacheDir: cacheName, ...options });
  const file = await new Driver(fs).open('file');
  const bytes = await file.readBytes(0, 4_000_000);
  await file.close();
  await fs.stop();
  return bytes;
}

describe('the disk tier under a file system', () => {
  test('serves the next mount, which asks S3 for the attributes and for no body', async () => {
    expect((await readOnce()).equals(BYTES)).toBe(true);
    fixture.requests();
    expect((await readOnce()).equals(BYTES)).toBe(true);
    expect(fixture.requests()).not.toHaveProperty('GetObject');
  });

  test('serves nothing of a version that was replaced while nothing was mounted', async () => {
    await readOnce();
    const other = randomBytes(BYTES.length);
    await fixture.store.put('file', other);
    expect((await readOnce()).equals(other)).toBe(true);
  });

  test('is off with a size of 0', async () => {
    await readOnce({ diskCache: 0 });
    fixture.requests();
    await readOnce({ diskCache: 0 });
    expect(fixture.requests()['GetObject']).toBeGreaterThan(0);
  });

  test('in a folder that is a symbolic link is refused', async () => {
    await mkdir(`${cacheDir}-real`, { mode: 0o700 });
    await mkdir(cacheDir);
    await symlink(`${cacheDir}-real`, join(cacheDir, 'blocks'));
    await expect(fixture.mount({ cacheDir: cacheName })).rejects.toMatchObject({ kind: 'usage' });
  });
});
