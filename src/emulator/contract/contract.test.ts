import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmulator, type Emulator } from '../emulator.js';
import { CONTRACT } from './all-cases.js';
import { runCase } from './context.js';

process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true';

test('case ids are unique', () => {
  expect(new Set(CONTRACT.map(({ id }) => id)).size).toBe(CONTRACT.length);
});

describe.each(['memory', 'directory'])('S3 contract on the embedded server, %s', (kind) => {
  let folder: string;
  let emulator: Emulator;
  const internalErrors: unknown[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'objectfs-contract-'));
    const storage = kind === 'memory' ? {} : { dataDir: join(folder, 'data') };
    emulator = await startEmulator({ ...storage, onInternalError: (reason) => internalErrors.push(reason) });
  });

  afterAll(async () => {
    await emulator.close();
    await rm(folder, { recursive: true, force: true });
  });

  test.each(CONTRACT.map((entry) => [`${entry.id}: ${entry.says}`, entry] as const))(
    '%s',
    async (_, entry) => {
      await runCase(emulator, entry);
    },
  );

  test('no case met an internal error', () => {
    expect(internalErrors).toEqual([]);
  });
});
