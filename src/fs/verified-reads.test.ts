import { randomBytes } from 'node:crypto';
import { DiskTier } from '../cache/disk/disk-tier.js';
import { RawClient } from '../emulator/testing/raw-client.js';
import { Failure } from '../errors/failure.js';
import { Driver, O_RDONLY, type OpenFile } from './testing/driver.js';
import { ROOT, startFixture, type Fixture, type MountOptions } from './testing/fixture.js';

const MIB = 2 ** 20;
const SMALL = randomBytes(300_000);
const LARGE = randomBytes(9 * MIB + 3);
let fixture: Fixture;

beforeAll(async () => {
  fixture = await startFixture();
  await fixture.store.put('small', SMALL);
  await fixture.store.put('large', LARGE);
  // No checksum goes with it, so the server keeps none.
  await new RawClient(fixture.emulator).send({ method: 'PUT', path: '/fs-test/bare', body: SMALL });
  expect((await fixture.store.head('small', { checksum: true })).checksum).toBeDefined();
  expect((await fixture.store.head('bare', { checksum: true })).checksum).toBeUndefined();
});
afterAll(async () => {
  await fixture.close();
});
afterEach(() => {
  fixture.emulator.setFaults(undefined);
});

/** One byte of the first replies to GetObject that are of file content is changed. */
function flip(times: number, nth?: number): void {
  const fault = { kind: 'corrupt-byte', of: 'reply' } as const;
  const where = nth === undefined ? { times } : { nth };
  fixture.emulator.setFaults({ seed: 7, rules: [{ operation: 'GetObject', ...where, fault }] });
}

/** Reads as `cp` does: one piece after another, up to the end or the first failure. */
async function copyOf(name: string, options: MountOptions = {}): Promise<Buffer | string> {
  const driver = new Driver(await fixture.mount(options));
  const file = await driver.open(name);
  try {
    const pieces: Buffer[] = [];
    for (;;) {
      const piece = await file.readBytes(pieces.length * 128 * 1024, 128 * 1024);
      if (piece.length === 0) return Buffer.concat(pieces);
      pieces.push(piece);
    }
  } catch (reason) {
    return String((reason as { readonly kind?: unknown }).kind); // a failure of the file system
  } finally {
    await file.close();
  }
}

const BY_CHECKSUM = { small: true, large: true, etagIsMd5: false };
const BY_ETAG = { ...BY_CHECKSUM, etagIsMd5: true };
const NONE = { small: false, large: false, etagIsMd5: false };

describe('bytes that change on their way from S3', () => {
  test.each([
    ['small', BY_CHECKSUM],
    ['bare', BY_ETAG],
  ])(
    '%s comes whole, so it is compared before it is handed on, and asked for again',
    async (name, checks) => {
      flip(1);
      fixture.requests();
      expect(SMALL.equals(await copyBytes(name, checks))).toBe(true);
      expect(fixture.requests()['GetObject']).toBe(2);
    },
  );

  test('small: where every reply is wrong the reader is told', async () => {
    flip(100);
    expect(await copyOf('small', { readChecks: BY_CHECKSUM })).toBe('bad-checksum');
  });

  test.each([
    ['bare', BY_CHECKSUM],
    ['small', NONE],
  ])('%s is handed on as it came where nothing tells, or nobody wants to know', async (name, checks) => {
    flip(1);
    expect(SMALL.equals(await copyBytes(name, checks))).toBe(false);
  });

  test.each([1, 2, 3])('large: its reader fails before the end where range %i was changed', async (nth) => {
    flip(1, nth);
    expect(await copyOf('large', { readChecks: BY_CHECKSUM })).toBe('bad-checksum');
  });

  test('large: what was read wrong is in no cache, of this mount nor of the next', async () => {
    for (const isNextMount of [false, true]) {
      const cacheDir = `damaged-${isNextMount}`;
      const fs = await fixture.mount({ cacheDir, readChecks: BY_CHECKSUM });
      const driver = new Driver(fs);
      const file = await driver.open('large');
      flip(1, 1);
      await expect(file.readBytes(0, LARGE.length)).rejects.toMatchObject({ kind: 'bad-checksum' });
      fixture.emulator.setFaults(undefined);
      // Who has it open may have wrong bytes already, whatever is asked for next.
      await expect(file.readBytes(0, 1)).rejects.toMatchObject({ kind: 'bad-checksum' });
      await file.close();
      const opened = await driver.open('large');
      if (!isNextMount) expect(LARGE.equals(await opened.readBytes(0, LARGE.length))).toBe(true);
      await opened.close();
      await fs.stop();
      const again = await copyOf('large', { cacheDir, readChecks: BY_CHECKSUM });
      expect(Buffer.isBuffer(again) && LARGE.equals(again)).toBe(true);
    }
  });

  test('large: the open after it lets the kernel keep no page that it read before', async () => {
    const fs = await fixture.mount({ readChecks: BY_CHECKSUM });
    const driver = new Driver(fs);
    const ino = await driver.ino('large');
    const keepsPages = async (): Promise<boolean> => {
      const { handle, keepCache } = await fs.open(ino, O_RDONLY, ROOT);
      await fs.release(ino, handle);
      return keepCache;
    };
    await keepsPages();
    expect(await keepsPages()).toBe(true);
    const file = await driver.open('large');
    flip(1, 1);
    await expect(file.readBytes(0, LARGE.length)).rejects.toMatchObject({ kind: 'bad-checksum' });
    await file.close();
    expect([await keepsPages(), await keepsPages()]).toEqual([false, true]);
  });

  test('large: nobody is told, and nobody reads, before what was read wrong is in no cache', async () => {
    let [begun, end] = [(): void => undefined, (): void => undefined];
    const forgetting = new Promise<void>((resolve) => (begun = resolve));
    const forgotten = new Promise<void>((resolve) => (end = resolve));
    const throughDisk = (sound: DiskTier): DiskTier => {
      const slow = async (...args: Parameters<DiskTier['forget']>): Promise<void> => {
        begun();
        await forgotten;
        await sound.forget(...args);
      };
      return new Proxy(sound, {
        get(target, name) {
          const member: unknown = name === 'forget' ? slow : Reflect.get(target, name);
          return typeof member === 'function' ? (member as () => unknown).bind(target) : member; // as it is called
        },
      });
    };
    const driver = new Driver(
      await fixture.mount({ cacheDir: 'slow', readChecks: BY_CHECKSUM, throughDisk }),
    );
    const ends: string[] = [];
    const reading = async (who: string, file: OpenFile, sizeBytes: number): Promise<void> => {
      const how = await file.readBytes(0, sizeBytes).then(
        () => 'read',
        (reason: unknown) => Failure.from(reason).kind,
      );
      ends.push(`${who}: ${how}`);
      await file.close();
    };
    const [first, second] = [await driver.open('large'), await driver.open('large')];
    flip(1, 1);
    const reads = [reading('first', first, LARGE.length)];
    await forgetting;
    reads.push(reading('second', second, 1), reading('opened meanwhile', await driver.open('large'), 1));
    for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(ends).toEqual([]);
    end();
    await Promise.all(reads);
    expect(ends.toSorted()).toEqual([
      'first: bad-checksum',
      'opened meanwhile: bad-checksum',
      'second: bad-checksum',
    ]);
    const after = await driver.open('large');
    expect(LARGE.equals(await after.readBytes(0, LARGE.length))).toBe(true);
    await after.close();
  });

  test('large: one HEAD when all has come, and none for a reader of a part', async () => {
    const driver = new Driver(await fixture.mount({ readChecks: BY_CHECKSUM }));
    const file = await driver.open('large');
    fixture.requests();
    await file.readBytes(0, 128 * 1024);
    await file.readBytes(5 * MIB, 128 * 1024);
    expect(fixture.requests()).not.toHaveProperty('HeadObject');
    await file.readBytes(0, LARGE.length);
    expect(fixture.requests()['HeadObject']).toBe(1);
    await file.close();
  });

  async function copyBytes(name: string, readChecks: MountOptions['readChecks']): Promise<Buffer> {
    const bytes = await copyOf(name, readChecks === undefined ? {} : { readChecks });
    if (typeof bytes === 'string') throw new Error(bytes);
    return bytes;
  }
});
