import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs/promises';
import { release } from 'node:os';
import { describeMount as describeOnMount } from '../harness/testing/mount-tests.js';
import type { MountStatus } from './observe/status.js';
import { statusOf } from './status.js';
import { startMount, type RunningMount } from './start.js';
import { until, serverAndPlaces } from './testing/mount-place.js';

const [major = 0, minor = 0] = release().split('.').map(Number);
const canPass = major > 6 || (major === 6 && minor >= 9);
const describeMount = canPass ? describeOnMount : describe.skip;
const MIB = 1024 * 1024;

describeMount('passthrough (needs Linux 6.9)', () => {
  const bytes = randomBytes(5 * MIB + 123);
  const here = serverAndPlaces();
  let mount: RunningMount;

  const start = async (options: Record<string, unknown> = {}): Promise<void> => {
    mount = await startMount(here.place.plan(here.server.connection, { readOnly: true, ...options }), {
      foreground: true,
    });
  };
  const stop = async (): Promise<void> => {
    await mount.unmount();
    await mount.done;
  };
  const running = async (): Promise<MountStatus> => {
    const status = await statusOf(here.place.mountPoint);
    if (status.state !== 'running') throw new Error(`The mount is ${status.state}`);
    return status;
  };
  const facts = async () => {
    const { cache, operations } = await running();
    const reads = operations.find(({ operation }) => operation === 'read')?.count ?? 0;
    return { cache, reads, opens: cache['passthroughOpens'] ?? 0 };
  };
  /** Reads the file to its end and waits until it lies whole in the disk tier. */
  const fill = async (): Promise<void> => {
    expect((await fs.readFile(here.place.at('big'))).equals(bytes)).toBe(true);
    await until('the whole file on disk', async () => {
      const { cache } = await facts();
      return (cache['diskWrittenBytes'] ?? 0) >= bytes.length ? true : undefined;
    });
  };

  beforeEach(async () => {
    await here.server.store.put('big', bytes);
  });

  test('a whole file of the disk tier is read without one READ, also by the next mount', async () => {
    await start();
    await fill();
    const before = await facts();
    expect((await fs.readFile(here.place.at('big'))).equals(bytes)).toBe(true);
    expect(await facts()).toMatchObject({ reads: before.reads, opens: 1 });
    await stop();
    await start();
    expect((await fs.readFile(here.place.at('big'))).equals(bytes)).toBe(true);
    expect(await facts()).toMatchObject({ reads: 0, opens: 1 });
    await stop();
  });

  test('a descriptor of before and one of after go side by side, as the kernel wants it', async () => {
    await start();
    const early = await fs.open(here.place.at('big'));
    await fill();
    // The early one keeps the inode in the mode of the page cache: EIO if the next were in another.
    const late = await fs.open(here.place.at('big'));
    expect((await late.readFile()).equals(bytes)).toBe(true);
    expect((await facts()).opens).toBe(0);
    await Promise.all([early.close(), late.close()]);
    const files = await until('both descriptors released', async () => {
      const { files: open } = await running();
      return open.openFiles === 0 ? open : undefined;
    });
    expect(files.openFiles).toBe(0);
    // The first decides for all; opened at one time, each could meet the file while another touches it.
    const many = [await fs.open(here.place.at('big'))];
    while (many.length < 8) many.push(await fs.open(here.place.at('big')));
    for (const file of many) expect((await file.readFile()).equals(bytes)).toBe(true);
    expect((await facts()).opens).toBe(8);
    await Promise.all(many.map((file) => file.close()));
    await stop();
  });

  test('a descriptor keeps the version that it was opened with; the next open has the new one', async () => {
    await start({ attributeTtlMs: 0, entryTtlMs: 0 });
    await fill();
    const old = await fs.open(here.place.at('big'));
    const other = randomBytes(2 * MIB);
    await here.server.store.put('big', other);
    expect((await fs.readFile(here.place.at('big'))).equals(other)).toBe(true);
    expect((await old.readFile()).equals(bytes)).toBe(true);
    await old.close();
    await stop();
  });

  test('a damaged file is not lent but fetched again', async () => {
    await start();
    await fill();
    const { cacheFolder } = await running();
    await stop();
    const names = await fs.readdir(`${cacheFolder}/blocks`, { recursive: true });
    const data = names.find((name) => name.endsWith('.data')) ?? '';
    const file = await fs.open(`${cacheFolder}/blocks/${data}`, 'r+');
    await file.write(Buffer.of((bytes[3 * MIB] ?? 0) ^ 1), 0, 1, 3 * MIB);
    await file.close();
    await start();
    expect((await fs.readFile(here.place.at('big'))).equals(bytes)).toBe(true);
    expect((await facts()).opens).toBe(0);
    expect((await facts()).cache['diskDamagedBlocks']).toBe(1);
    await stop();
  });

  test.each([
    ['--no-passthrough', { passthrough: false }],
    ['a mount that may be written to', { readOnly: false }],
    ['no disk tier', { diskCache: 0 }],
  ])('is not used with %s', async (_name, options) => {
    await start(options);
    await fs.readFile(here.place.at('big'));
    await fs.readFile(here.place.at('big'));
    expect((await facts()).opens).toBe(0);
    await stop();
  });

  test('a writer on a mount that may be written to meets readers of the cached file without an error', async () => {
    await start({ readOnly: false });
    await fill();
    const reader = await fs.open(here.place.at('big'));
    const writer = await fs.open(here.place.at('big'), 'r+');
    await writer.write('new', 0);
    expect((await reader.read(Buffer.alloc(3), 0, 3, 0)).buffer.toString()).toBe('new');
    await Promise.all([reader.close(), writer.close()]);
    await stop();
  });
});
