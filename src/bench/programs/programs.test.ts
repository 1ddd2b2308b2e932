import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compiledModule } from '../../config/paths.js';
import { configSchema } from '../../config/schema.js';
import { startEmulator, type Emulator } from '../../emulator/emulator.js';
import { silentLog } from '../../log/log.js';
import { silentProgress } from '../../log/progress.js';
import { createBucketAdmin } from '../../s3/admin.js';
import type { BenchCell } from '../../report/model.js';
import type { S3Connection } from '../../s3/connection.js';
import { PROGRAM_ARMS, type ComparedArm, type ProgramArm } from '../arms.js';
import { runExperiment } from '../experiment.js';
import { createPlan } from '../plan.js';
import { findPrograms } from './installed.js';
import { runProgramArm } from './run-program.js';

const isBuilt = existsSync(compiledModule('src/bench/arm-process.js'));
const whyNot = new Map<ProgramArm, string>();
for (const arm of PROGRAM_ARMS) {
  if (!isBuilt) whyNot.set(arm, 'run npm run build first');
  await findPrograms([arm]).catch((error: unknown) => whyNot.set(arm, String(error)));
}

describe('programs as arms', () => {
  let emulator: Emulator;
  let connection: S3Connection;
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'objectfs-programs-'));
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

  /** One block of all programs that are here; the first is the baseline. */
  async function oneBlock(): Promise<BenchCell[]> {
    // The baseline runs twice: a program that starts fast comes first.
    const order = ['rclone', 's5cmd', 's3cmd', 'aws', 'objectfs-cp'] as const;
    const here: ComparedArm[] = order.filter((arm) => !whyNot.has(arm));
    const plan = createPlan({
      seed: 1,
      transfer: configSchema.parse({}).transfer,
      arms: here.length > 1 ? here : ['plain', ...here],
      sizesBytes: [200_003],
      blocks: 1,
      warmupBlocks: 0,
    });
    const requestCounts = () => Promise.resolve(emulator.requestCounts());
    const target = { connection, bucket: 'bench', prefix: 'p/', requestCounts };
    return runExperiment(plan, target, new AbortController().signal, silentProgress, silentLog);
  }

  let cells: BenchCell[] = [];
  beforeAll(async () => {
    if (isBuilt) cells = await oneBlock();
  }, 240_000);

  for (const arm of PROGRAM_ARMS) {
    const reason = whyNot.get(arm);
    const title = `${arm} moves an object up and down, is compared byte by byte, and the server tells its requests`;
    (reason === undefined ? test : test.skip)(
      reason === undefined ? title : `${title} (skipped: ${reason})`,
      () => {
        expect(cells.map(({ operation }) => operation)).toEqual(['upload', 'download']);
        for (const cell of cells) {
          const measured = cell.arms.find((entry) => entry.arm === arm);
          expect(measured?.samples[0]).toMatchObject({ verified: true, bytes: 200_003 });
          // A program that takes less than a tick of CPU time is none of these.
          expect(measured?.samples[0]?.cpuMs).toBeGreaterThan(0);
          // On a busy machine the last look may have come before the program was loaded.
          expect(measured?.samples[0]?.peakRssBytes).toBeGreaterThan(0);
          const operation = cell.operation === 'upload' ? 'PutObject' : 'GetObject';
          expect(measured?.served).toContainEqual({ operation, count: 1 });
        }
      },
    );
  }

  test('a program that fails ends the run with its last words', async () => {
    const command = {
      program: 'sh',
      args: ['-c', 'echo the disk is full >&2; exit 3'],
      environment: {},
    };
    await expect(runProgramArm(command, folder)).rejects.toMatchObject({
      kind: 'unsupported',
      message: 'sh ended with 3: the disk is full',
    });
  });

  test('a program that is not there is told with the way to get it', async () => {
    const path = process.env['PATH'];
    process.env['PATH'] = '/nowhere';
    try {
      await expect(findPrograms(['plain', 'rclone'])).rejects.toMatchObject({
        kind: 'usage',
        message: 'The arm rclone: the program is not installed',
        remedy: 'Install it with apt install rclone, or from https://rclone.org/downloads/',
      });
    } finally {
      process.env['PATH'] = path;
    }
  });
});
