import { appendFile, mkdir, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Ledger, listLedger } from './ledger.js';
import { identifyProcess } from './processes.js';
import { bucketName, newRunId } from './run-id.js';
import { stateFolder } from './state.js';

const runner = { pid: 1, startTicks: 2 };
let folder: string;
let ledger: Ledger;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'objectfs-ledger-'));
  ledger = new Ledger(join(folder, 'state', 'ledger.jsonl'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

describe('the ledger', () => {
  test('an entry is the sum of its lines', async () => {
    await ledger.append({ line: 'run', runId: 'r', runner, folder: '/tmp/r' });
    await ledger.append({ line: 'mount', runId: 'r', mountPoint: '/tmp/r/mount' });
    await ledger.append({ line: 'process', runId: 'r', role: 'daemon', process: { pid: 3, startTicks: 4 } });
    const bucket = { bucket: 'b', endpoint: 'http://x', region: 'us-east-1', forcePathStyle: true };
    await ledger.append({ line: 'bucket', runId: 'r', ...bucket });
    await ledger.append({ line: 'bucket-left', runId: 'r', bucket: 'b', reason: 'why' });
    expect(await ledger.runs()).toMatchObject([
      {
        runId: 'r',
        state: 'open',
        mountPoints: ['/tmp/r/mount'],
        processes: [{ role: 'daemon', process: { pid: 3, startTicks: 4 } }],
        buckets: [{ bucket: 'b', state: 'left', reason: 'why' }],
      },
    ]);
  });

  test('a closed run with a bucket that is left is still listed, one without is not', async () => {
    const bucket = { bucket: 'b', endpoint: 'http://x', region: 'us-east-1', forcePathStyle: true };
    await ledger.append({ line: 'run', runId: 'r', runner, folder: '/tmp/r' });
    await ledger.append({ line: 'bucket', runId: 'r', ...bucket });
    await ledger.append({ line: 'run-closed', runId: 'r', reason: 'done' });
    expect(await listLedger(ledger)).toHaveLength(1);
    await ledger.append({ line: 'bucket-gone', runId: 'r', bucket: 'b', reason: 'removed' });
    expect(await listLedger(ledger)).toEqual([]);
  });

  test('a torn line and a foreign line lose nothing but themselves', async () => {
    await mkdir(dirname(ledger.path));
    await appendFile(ledger.path, '{"line":"future"}\n{"line":"run","runId":"to');
    await ledger.append({ line: 'run', runId: 'r', runner, folder: '/tmp/r' });
    expect((await ledger.runs()).map((run) => run.runId)).toEqual(['r']);
  });

  test('lines of writers at the same time do not mix', async () => {
    const ids = Array.from({ length: 50 }, (_none, index) => `run-${index}`);
    await Promise.all(ids.map((runId) => ledger.append({ line: 'run', runId, runner, folder: '/tmp/r' })));
    expect(new Set((await ledger.runs()).map((run) => run.runId))).toEqual(new Set(ids));
  });

  test('only its owner can read it', async () => {
    await ledger.append({ line: 'run', runId: 'r', runner, folder: '/tmp/r' });
    expect((await stat(ledger.path)).mode & 0o777).toBe(0o600);
    expect(await readFile(ledger.path, 'utf8')).toContain('"r"');
  });
});

describe('names', () => {
  test('run ids sort by time as text', () => {
    const early = newRunId(Date.UTC(2025, 0, 2, 3, 4, 5), Buffer.from('ffffff', 'hex'));
    const late = newRunId(Date.UTC(2025, 0, 2, 3, 4, 6), Buffer.from('000000', 'hex'));
    expect(early).toBe('20250102t030405-ffffff');
    expect(early < late).toBe(true);
  });

  test('a bucket name is a DNS label of at most 63 characters, or an error', () => {
    const runId = newRunId();
    expect(bucketName('throughput', runId)).toMatch(/^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/);
    expect(() => bucketName('x'.repeat(40), runId)).toThrow('is no bucket name');
    expect(() => bucketName('Not_valid', runId)).toThrow('is no bucket name');
  });

  test('the state folder follows the variables, empty ones do not count', () => {
    expect(stateFolder({ OBJECTFS_STATE_DIR: '/s', XDG_STATE_HOME: '/x' })).toBe('/s');
    expect(stateFolder({ OBJECTFS_STATE_DIR: '', XDG_STATE_HOME: '/x' })).toBe('/x/objectfs');
    expect(stateFolder({})).toMatch(/\/\.local\/state\/objectfs$/);
  });
});

test('a process is told by its number and its start', async () => {
  const self = await identifyProcess(process.pid);
  expect(self?.pid).toBe(process.pid);
  expect(self?.startTicks).toBeGreaterThan(0);
  expect(await identifyProcess(2 ** 22 + 1)).toBeUndefined();
});
