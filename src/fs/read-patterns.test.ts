import { randomBytes } from 'node:crypto';
import { createFileSystem } from './create.js';
import { Driver, type OpenFile } from './testing/driver.js';
import { ROOT, startFixture, type Fixture } from './testing/fixture.js';

const KIB = 1024;
const MIB = 1024 * KIB;
const STEP = 128 * KIB;
let fixture: Fixture;
let bytes: Buffer;

beforeAll(async () => {
  fixture = await startFixture();
  bytes = randomBytes(64 * MIB);
  await fixture.store.put('large', bytes);
  await fixture.store.put('small', bytes.subarray(0, 900 * KIB));
});
afterAll(async () => {
  await fixture.close();
});

/** Runs reads on a cold mount; answers with what they cost. */
async function costOf(
  name: string,
  work: (file: OpenFile) => Promise<void>,
  options: Parameters<Fixture['mount']>[0] = {},
) {
  // The fixture's mounts are made by createFileSystem, which can be looked into; the contract hides that.
  const fs = (await fixture.mount({ diskCache: 0, ...options })) as ReturnType<typeof createFileSystem>;
  const file = await new Driver(fs).open(name);
  fixture.requests();
  await work(file);
  await file.close();
  const { cache } = fs.inspect();
  await fs.stop();
  return {
    gets: fixture.requests()['GetObject'] ?? 0,
    requestedBytes: cache['requestedBytes'] ?? 0,
    wastedBytes: cache['readAheadWastedBytes'] ?? 0,
  };
}

async function expectRead(file: OpenFile, offset: number, lengthBytes: number): Promise<void> {
  const got = await file.readBytes(offset, lengthBytes);
  if (!got.equals(bytes.subarray(offset, offset + lengthBytes))) throw new Error(`Wrong bytes at ${offset}`);
}

describe('what reads cost in requests and bytes', () => {
  test('64 MiB in order: each byte once, in requests of megabytes', async () => {
    const cost = await costOf('large', async (file) => {
      for (let at = 0; at < 64 * MIB; at += STEP) await expectRead(file, at, STEP);
    });
    expect(cost).toMatchObject({ requestedBytes: 64 * MIB, wastedBytes: 0 });
    expect(cost.gets).toBeLessThanOrEqual(23);
  });

  test('16 MiB backward: each byte once, in requests of megabytes', async () => {
    const cost = await costOf('large', async (file) => {
      for (let at = 16 * MIB - STEP; at >= 0; at -= STEP) await expectRead(file, at, STEP);
    });
    expect(cost).toMatchObject({ requestedBytes: 16 * MIB, wastedBytes: 0 });
    expect(cost.gets).toBeLessThanOrEqual(12);
  });

  test('4 readers of 8 MiB each on one descriptor: each byte once, up to the last window', async () => {
    const cost = await costOf('large', async (file) => {
      for (let at = 0; at < 8 * MIB; at += STEP) {
        for (let reader = 0; reader < 4; reader += 1) await expectRead(file, reader * 16 * MIB + at, STEP);
      }
    });
    // Each stops without a word when it is up to twice as far ahead as it has come.
    expect(cost.wastedBytes).toBeLessThanOrEqual(2 * 32 * MIB);
    expect(cost.requestedBytes).toBeLessThanOrEqual(32 * MIB + cost.wastedBytes);
    expect(cost.gets).toBeLessThanOrEqual(4 * 16);
  });

  test('100 random pages of 64 MiB: the file in large parts, each byte once', async () => {
    const cost = await costOf('large', async (file) => {
      for (let step = 0; step < 100; step += 1) {
        await expectRead(file, ((step * step * 7919 + step * 104_729) % 16_384) * 4 * KIB, 4 * KIB);
      }
    });
    // 4 single blocks; 16 parts, each from the read to its end, and from its start to the read.
    expect(cost.gets).toBeLessThanOrEqual(36);
    expect(cost.requestedBytes).toBeLessThanOrEqual(64 * MIB);
    expect(cost.wastedBytes).toBeGreaterThan(60 * MIB);
  });

  test('100 random pages of a file that is too large to be kept: one block each at most', async () => {
    const cost = await costOf(
      'large',
      async (file) => {
        for (let step = 0; step < 100; step += 1) {
          await expectRead(file, ((step * step * 7919 + step * 104_729) % 16_384) * 4 * KIB, 4 * KIB);
        }
      },
      { memoryLimit: 64 * MIB },
    );
    expect(cost.gets).toBeLessThanOrEqual(100);
    expect(cost.requestedBytes).toBeLessThanOrEqual(100 * STEP);
    expect(cost.wastedBytes).toBe(0);
  });

  test('a page of each third megabyte: those blocks and no other', async () => {
    const cost = await costOf('large', async (file) => {
      for (let at = 0; at < 63 * MIB; at += 3 * MIB) await expectRead(file, at, 4 * KIB);
    });
    expect(cost.requestedBytes).toBeLessThanOrEqual(22 * STEP);
  });

  test('a small object comes whole with the first read, in one request', async () => {
    const cost = await costOf('small', async (file) => {
      for (const page of [100, 3, 224, 0, 57]) await expectRead(file, page * 4 * KIB, 4 * KIB);
    });
    expect(cost).toMatchObject({ gets: 1, requestedBytes: 900 * KIB });
  });

  test('open of a file that was just looked up costs nothing', async () => {
    const fs = await fixture.mount({ diskCache: 0, attributeTtlMs: 60_000 });
    const driver = new Driver(fs);
    await driver.stat('large');
    fixture.requests();
    await (await driver.open('large')).close();
    expect(fixture.requests()).toEqual({});
    await fs.stop();
  });

  test('open of a file that is known but not fresh costs one HEAD at most', async () => {
    const fs = await fixture.mount({ diskCache: 0, attributeTtlMs: 0 });
    const ino = await new Driver(fs).ino('large');
    fixture.requests();
    await fs.open(ino, 0, ROOT);
    const { HeadObject = 0, ...others } = fixture.requests();
    expect(HeadObject).toBeLessThanOrEqual(1);
    expect(others).toEqual({});
    await fs.stop();
  });

  test('64 readers of a large file stay within the memory of the cache', async () => {
    const fs = (await fixture.mount({ diskCache: 0, memoryLimit: 64 * MIB })) as ReturnType<
      typeof createFileSystem
    >;
    const driver = new Driver(fs);
    let mostBytes = 0;
    const read = async (reader: number): Promise<void> => {
      const file = await driver.open('large');
      for (let step = 0; step < 8; step += 1) {
        await expectRead(file, reader * MIB + step * STEP, STEP);
        mostBytes = Math.max(mostBytes, fs.inspect().cache['heldBytes'] ?? 0);
      }
      await file.close();
    };
    await Promise.all(Array.from({ length: 64 }, (_, reader) => read(reader)));
    expect(mostBytes).toBeLessThanOrEqual(32 * MIB);
    await fs.stop();
  });
});
