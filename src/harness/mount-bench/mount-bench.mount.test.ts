import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compiledModule } from '../../config/paths.js';
import { configSchema } from '../../config/schema.js';
import { silentLog } from '../../log/log.js';
import { silentProgress, type Progress } from '../../log/progress.js';
import type { RunReport } from '../../report/model.js';
import { layoutCharts } from '../../report/png/charts.js';
import { consoleSummary } from '../../report/console.js';
import { renderPage } from '../../report/html/page.js';
import { Ledger, listLedger } from '../ledger.js';
import { mountsBelow } from '../mounts.js';
import { findProgram } from '../targets/find-program.js';
import { reasonNotToMount } from '../testing/mount-tests.js';
import { runMountBench } from './run-mount-bench.js';

const ALL =
  'write:300000,read:300000,random-read:5,stat:50,create:4,list:6,find:6,untar:5,git-status:5,delete:6,reread:300000';
const hasPeer = (await findProgram(['s3fs'])) !== undefined;
const isBuilt = existsSync(compiledModule('src/bench/mounts/driver-process.js'));
const reason = reasonNotToMount() ?? (isBuilt ? undefined : 'run npm run build first');
const describeHere = reason === undefined ? describe : describe.skip;
const hasFio = (await findProgram(['fio'])) !== undefined;
const testFio = hasFio ? test : test.skip;
const testPeer = hasPeer ? test : test.skip;

describeHere(`the bench through mounts${reason === undefined ? '' : ` (skipped: ${reason})`}`, () => {
  let folder: string;
  let ledger: Ledger;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'objectfs-test-'));
    ledger = new Ledger(join(folder, 'ledger.jsonl'));
  });

  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  function bench(
    mounts: string,
    workloads: string,
    signal: AbortSignal = new AbortController().signal,
    progress: Progress = silentProgress,
  ): Promise<RunReport> {
    const config = configSchema.parse({});
    const invocation = { command: 'test', version: '0.0.0' };
    const schedule = { seed: 5, blocks: 1, warmupBlocks: 0 };
    const plan = { wish: { settings: config.s3 }, ...schedule, config, mounts, workloads, invocation };
    return runMountBench(plan, signal, progress, silentLog, ledger);
  }

  testPeer(
    `does every workload on every target, compares each result, and leaves nothing${hasPeer ? '' : ' (skipped: needs s3fs)'}`,
    async () => {
      const report = await bench('objectfs,s3fs', ALL);
      const cells = report.mounts?.cells ?? [];
      expect(cells.map((cell) => cell.workload)).toEqual(ALL.split(',').map((word) => word.split(':')[0]));
      for (const cell of cells) {
        for (const arm of cell.arms) {
          expect({ cell: cell.workload, ...arm }).toMatchObject({
            samples: [expect.objectContaining({ verified: true, block: 0 })],
          });
        }
        expect(cell.comparisons.map((entry) => [entry.arm, entry.baseline])).toContainEqual([
          'objectfs',
          's3fs',
        ]);
      }
      const reread = cells.find((cell) => cell.workload === 'reread')?.arms;
      expect(reread?.map((arm) => arm.arm)).toContain('local');
      const { requests } = reread?.find((arm) => arm.arm === 'objectfs') ?? {};
      expect(requests?.map(({ operation }) => operation)).not.toContain('GetObject');
      expect(report.cleanup.map((entry) => entry.proven)).toEqual([true, true]);
      expect((await listLedger(ledger)).length).toBe(0);
      expect(await mountsBelow(join(tmpdir(), `objectfs-${report.run.id}`))).toEqual([]);
      expect(consoleSummary(report)).toContain('create 4 files of 4 KiB');
      expect(renderPage(report, [])).toContain('Workloads through mounts');
      expect(layoutCharts(report).map((chart) => chart.name)).toEqual(['mounts']);
    },
    300_000,
  );

  test('counts the requests of a run by operation, and none where nothing is asked of the server', async () => {
    const report = await bench(`objectfs,dir:${folder}`, 'create:3');
    const [cell] = report.mounts?.cells ?? [];
    const ours = cell?.arms.find((arm) => arm.arm === 'objectfs');
    expect(ours?.requests.find(({ operation }) => operation === 'PutObject')?.count).toBeGreaterThanOrEqual(
      3,
    );
    const local = cell?.arms.find((arm) => arm.arm.startsWith('dir:'));
    expect(local?.requests).toEqual([]);
    expect(local?.samples[0]?.requests).toBeUndefined();
  }, 120_000);

  testFio(
    `does the workloads of fio and finds their bytes in the bucket${hasFio ? '' : ' (skipped: needs fio)'}`,
    async () => {
      const list = 'fio-rand-write:64KiB:bs=8KiB:jobs=2,fio-seq-read:64KiB:bs=16KiB';
      const report = await bench('objectfs', list);
      const cells = report.mounts?.cells ?? [];
      expect(cells.map(({ workload }) => workload)).toEqual([
        'fio-rand-write:bs=8KiB:jobs=2',
        'fio-seq-read:bs=16KiB:jobs=1',
      ]);
      for (const { arms } of cells) {
        for (const arm of arms) {
          expect(arm).toMatchObject({ samples: [{ verified: true, bytes: 65_536 }] });
        }
      }
      expect(report.cleanup.map((entry) => entry.proven)).toEqual([true]);
    },
    120_000,
  );

  test('stopped in the middle of a workload leaves no mount, no bucket and no folder', async () => {
    const controller = new AbortController();
    const progress: Progress = {
      ...silentProgress,
      begin: (label) => {
        if (label !== 'Workloads') return;
        setTimeout(() => {
          controller.abort(new Error('stopped here'));
        }, 700);
      },
    };
    await expect(bench('objectfs', 'create:100000', controller.signal, progress)).rejects.toThrow(
      /stopped here|cancel/,
    );
    expect(await listLedger(ledger)).toEqual([]);
  }, 120_000);
});
