import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { configSchema } from '../config/schema.js';
import { compiledModule } from '../config/paths.js';
import { startEmulator, type Emulator } from '../emulator/emulator.js';
import { silentLog } from '../log/log.js';
import { silentProgress } from '../log/progress.js';
import { createBucketAdmin } from '../s3/admin.js';
import { createStore } from '../s3/client.js';
import type { S3Connection } from '../s3/connection.js';
import { describeExperiment } from './analyze.js';
import { startArm } from './arm-client.js';
import { runExperiment } from './experiment.js';
import { createPlan } from './plan.js';

const transfer = configSchema.parse({}).transfer;
const isBuilt = existsSync(compiledModule('src/bench/arm-process.js'));
const whenBuilt = isBuilt ? test : test.skip;
const needsBuild = isBuilt ? '' : ' (skipped: run npm run build first)';

let emulator: Emulator;
let connection: S3Connection;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'objectfs-experiment-'));
  emulator = await startEmulator();
  const { endpoint, region, credentials } = emulator;
  connection = { endpoint, region, credentials, forcePathStyle: true };
  const admin = createBucketAdmin(connection);
  await admin.create('bench');
  admin.close();
});

afterAll(async () => {
  await emulator.close();
  await rm(folder, { recursive: true });
});

async function plan(blocks: number) {
  const bytes = Buffer.from('a real file');
  const path = join(folder, 'file');
  await writeFile(path, bytes);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const file = { name: 'file', path, sizeBytes: bytes.length, sha256 };
  return createPlan({ seed: 3, transfer, blocks, sizesBytes: [300_007], files: [file] });
}

async function keysLeft(): Promise<string[]> {
  const store = createStore(connection, 'bench');
  const page = await store.list();
  store.close();
  return page.objects.map((object) => object.key);
}

/** What lay there before these tests: others may be at work, or have been killed, on the same machine. */
const foldersBefore = new Set(await readdir(tmpdir()));

/** Folders of this test's experiments. */
async function foldersLeft(): Promise<string[]> {
  const names = (await readdir(tmpdir())).filter((name) => name.startsWith('objectfs-bench-'));
  const added = names.filter((name) => !foldersBefore.has(name));
  return added.filter((name) => existsSync(join(tmpdir(), name, 'source-300007')));
}

describe('experiment over HTTP', () => {
  whenBuilt(
    `each arm moves the same bytes in each block, each is verified, and nothing is left${needsBuild}`,
    async () => {
      const twoBlocks = await plan(2);
      const target = { connection, bucket: 'bench', prefix: 'b/' };
      const { signal } = new AbortController();
      const cells = await runExperiment(twoBlocks, target, signal, silentProgress, silentLog);
      expect(cells.map((cell) => `${cell.operation} ${cell.label}`)).toEqual([
        'upload 293 KiB',
        'download 293 KiB',
        'upload real files (1)',
        'download real files (1)',
      ]);
      for (const cell of cells) {
        expect(cell.arms.map((arm) => arm.arm)).toEqual(['plain', 'sdk', 'optimized', 'plain-again']);
        const samples = cell.arms.flatMap((arm) => arm.samples);
        expect(samples).toHaveLength(8);
        expect(samples.every((sample) => sample.verified && sample.bytes === cell.sizeBytes)).toBe(true);
        expect(samples.every((sample) => (sample.requests ?? 0) >= 1 && sample.elapsedMs > 0)).toBe(true);
        for (const { requests = 0, connections, hedges } of samples) {
          expect([(connections?.opened ?? 0) + (connections?.reused ?? 0), hedges?.sent]).toEqual([
            requests,
            0,
          ]);
        }
        expect(cell.comparisons.map((entry) => entry.verdict)).toEqual(Array(3).fill('inconclusive'));
        for (const block of [0, 1]) {
          const orders = samples.filter((sample) => sample.block === block).map((sample) => sample.order);
          expect(orders.sort()).toEqual([0, 1, 2, 3]);
        }
      }
      expect(describeExperiment(twoBlocks, cells).summary[0]).toMatchObject({
        cells: 4,
        verdict: 'inconclusive',
      });
      expect(await keysLeft()).toEqual([]);
      expect(await foldersLeft()).toEqual([]);
    },
    120_000,
  );

  whenBuilt(
    `small files are one row, each verified, while somebody else asks for a small object beside it${needsBuild}`,
    async () => {
      const small = createPlan({
        ...{ seed: 3, transfer, blocks: 1, warmupBlocks: 0, sizesBytes: [], smallFiles: 9 },
        ...{ arms: ['plain', 'optimized'], operations: ['upload'], smallRequestsBeside: true },
      });
      const target = { connection, bucket: 'bench', prefix: 's/' };
      const { signal } = new AbortController();
      const [cell] = await runExperiment(small, target, signal, silentProgress, silentLog);
      expect(cell).toMatchObject({ operation: 'upload', label: 'small files (9)', objects: 9 });
      const samples = cell?.arms.flatMap((arm) => arm.samples) ?? [];
      expect(samples.map(({ verified, bytes }) => [verified, bytes])).toEqual(
        Array(3).fill([true, cell?.sizeBytes]),
      );
      expect(cell?.sizeBytes).toBeGreaterThan(9 * 1024);
      expect(cell?.sizeBytes).toBeLessThan(9 * 256 * 1024);
      expect(samples.every(({ besideMs = [] }) => besideMs.length > 0)).toBe(true);
      expect(await keysLeft()).toEqual([]);
    },
    120_000,
  );

  whenBuilt(
    `a cancelled experiment ends soon and leaves nothing${needsBuild}`,
    async () => {
      const controller = new AbortController();
      const progress = {
        ...silentProgress,
        advance: () => {
          controller.abort();
        },
      };
      const target = { connection, bucket: 'bench', prefix: 'c/' };
      const run = runExperiment(await plan(1000), target, controller.signal, progress, silentLog);
      await expect(run).rejects.toMatchObject({ kind: 'cancelled' });
      expect(await keysLeft()).toEqual([]);
      expect(await foldersLeft()).toEqual([]);
    },
    120_000,
  );

  whenBuilt(
    `the failure of an arm arrives with its kind${needsBuild}`,
    async () => {
      const settings = {
        arm: 'plain',
        home: folder,
        connection,
        bucket: 'no-such-bucket',
        transfer,
        warmKey: 'x',
      } as const;
      const start = startArm(settings, new AbortController().signal, silentLog);
      await expect(start).rejects.toMatchObject({ name: 'Failure' });
    },
    60_000,
  );

  test('content that differs from its digest is noticed before anything is measured', async () => {
    const good = await plan(1);
    const files = good.files.map((file) => ({ ...file, sha256: '0'.repeat(64) }));
    const target = { connection, bucket: 'bench', prefix: 'd/' };
    const { signal } = new AbortController();
    const run = runExperiment({ ...good, files }, target, signal, silentProgress, silentLog);
    await expect(run).rejects.toMatchObject({ kind: 'bad-checksum' });
    expect(await keysLeft()).toEqual([]);
  });
});
