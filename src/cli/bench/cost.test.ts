import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { configSchema } from '../../config/schema.js';
import { Failure } from '../../errors/failure.js';
import { describeCost } from './cost.js';

describe('the cost of a folder', () => {
  let folder: string;
  const signal = new AbortController().signal;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'objectfs-cost-'));
    await writeFile(join(folder, 'small'), Buffer.alloc(4 * 1024));
    await writeFile(join(folder, 'large'), Buffer.alloc(1024 * 1024));
  });

  afterAll(async () => {
    await rm(folder, { recursive: true });
  });

  function tell(wish: object, transfer: object = {}): Promise<string> {
    return describeCost({ dataDir: folder, ...wish }, configSchema.parse({ transfer }).transfer, signal);
  }

  /** The numbers of a row. */
  function row(text: string, name: string): number[] {
    const line = text.split('\n').find((candidate) => candidate.startsWith(`${name} `));
    return line?.slice(name.length).trim().split(/ +/).map(Number) ?? [];
  }

  test('a row for each class with its parts, their sum, and where the prices come from', async () => {
    const text = await tell({ keepDays: 10 });
    expect(text).toMatch(/^2 objects, 1 MiB, 1 of them under 128 KiB; kept for 10 days, each read 0 times/);
    const [storage = 0, small = 0, early = 0, requests = 0, retrieval, total] = row(text, 'STANDARD_IA');
    const gib = (1024 + 4) / 1024 ** 2;
    expect(storage).toBeCloseTo((gib * 0.0125) / 3, 9);
    expect(small / storage).toBeCloseTo(124 / 1028, 3);
    expect(early / (storage + small)).toBeCloseTo(2, 3);
    expect(retrieval).toBe(0);
    expect(total).toBeCloseTo(storage + small + early + requests, 6);
    expect(row(text, 'STANDARD').slice(1, 3)).toEqual([0, 0]);
    expect(text).toMatch(
      /as of \d{4}-\d{2}, from published copies of https:\/\/aws\.amazon\.com\/s3\/pricing/,
    );
  });

  test('as configured is the sum of what the rules choose, and no class is changed', async () => {
    const rules = [{ minSizeBytes: '128KiB', storageClass: 'GLACIER_IR' }];
    const text = await tell({ keepDays: 90 }, { storageClassRules: rules });
    expect(text).toContain('means GLACIER_IR, STANDARD; nothing was changed');
    const wanted = (1024 * 0.004 + 4 * 0.023) * (3 / 1024 ** 2);
    expect(row(text, 'as configured')[0]).toBeCloseTo(wanted, 8);
  });

  test('reads cost', async () => {
    const [, , , , retrieval] = row(await tell({ keepDays: 30, readsPerMonth: 2 }), 'GLACIER_IR');
    expect(retrieval).toBeCloseTo(2 * 0.03 * ((1024 + 4) / 1024 ** 2), 8);
  });

  test.each([
    [{ keepDays: 0 }, /--keep-days/],
    [{ keepDays: NaN }, /--keep-days/],
    [{ readsPerMonth: -1 }, /--reads-per-month/],
    [{ dataDir: '/not/there' }, /does not exist/],
  ])('%j is wrong use', async (wish, message) => {
    const failure = await tell(wish).catch((reason: unknown) => Failure.from(reason));
    expect(failure).toMatchObject({ kind: 'usage' });
    expect(String(failure)).toMatch(message);
  });
});
