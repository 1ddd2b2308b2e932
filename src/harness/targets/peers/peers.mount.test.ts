import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { configSchema } from '../../../config/schema.js';
import { startEmulatorProcess, type EmulatorProcess } from '../../../emulator/child.js';
import { createBucketAdmin } from '../../../s3/admin.js';
import { createStore } from '../../../s3/client.js';
import { mountAt } from '../../mounts.js';
import { isAlive, type ProcessIdentity } from '../../processes.js';
import { reasonNotToMount } from '../../testing/mount-tests.js';
import { findProgram } from '../find-program.js';
import { proveTarget } from '../proof.js';
import { probeTarget } from '../probes/probe-target.js';
import { selectTarget } from '../select.js';
import { TargetSession } from '../session.js';
import type { TargetStore } from '../target.js';

const signal = new AbortController().signal;
const SECRET = 'verysecretverysecretverysecret';
const run = promisify(execFile);

const missing = new Set<string>();
for (const program of ['s3fs', 'rclone']) {
  if ((await findProgram([program])) === undefined) missing.add(program);
}

describe.each(['s3fs', 'rclone', 'rclone:writes', 'rclone:full'])('the target %s', (name) => {
  const program = name.split(':')[0] ?? '';
  const reason = missing.has(program) ? `needs ${program}` : reasonNotToMount();
  const testHere = reason === undefined ? test : test.skip;
  const suffix = reason === undefined ? '' : ` (skipped: ${reason})`;
  let folder: string;
  let emulator: EmulatorProcess;
  let store: TargetStore;
  let daemons: ProcessIdentity[];

  beforeEach(async () => {
    if (reason !== undefined) return;
    folder = await mkdtemp(join(tmpdir(), 'objectfs-test-'));
    daemons = [];
    const accessKeyId = 'AKIAEXAMPLEEXAMPLE';
    emulator = await startEmulatorProcess({ credentials: { accessKeyId, secretAccessKey: SECRET } }, signal);
    const { endpoint, region, credentials } = emulator;
    const connection = { endpoint, region, credentials, forcePathStyle: true };
    const admin = createBucketAdmin(connection);
    await admin.create('demo', {});
    admin.close();
    store = { connection, bucket: 'demo', prefix: '' };
  }, 60_000);

  afterEach(async () => {
    if (reason !== undefined) return;
    await emulator.close();
    await rm(folder, { recursive: true });
  }, 60_000);

  async function session(over: Partial<TargetStore> = {}): Promise<TargetSession> {
    const place = join(folder, 'place');
    await mkdir(place, { mode: 0o711 });
    return new TargetSession(await selectTarget(name, '0.0.0'), {
      runId: 'test',
      folder: place,
      store: { ...store, ...over },
      config: configSchema.parse({}),
      record: {
        mount: () => Promise.resolve(),
        folder: () => Promise.resolve(),
        daemon: (process) => {
          daemons.push(process);
          return Promise.resolve();
        },
      },
    });
  }

  testHere(
    `mounts, is proven, gives back after a remount what was written, and is gone after the stop${suffix}`,
    async () => {
      const target = await session();
      const { directory } = await target.start(signal);
      try {
        await proveTarget(target.target, store, { ownFormat: false, signal });
        await writeFile(join(directory, 'letter'), 'dear bucket');
        await target.remount(signal);
        expect(await readFile(join(directory, 'letter'), 'utf8')).toBe('dear bucket');
        expect(await objectText('letter')).toBe('dear bucket');
      } finally {
        await target.stop(signal);
      }
      expect(await mountAt(directory)).toBeUndefined();
      expect(await Promise.all(daemons.map(isAlive))).toEqual([false, false]);
    },
    60_000,
  );

  testHere(
    `that is declared to have all has drift, and one that stands still is told so in bounded time${suffix}`,
    async () => {
      const target = await session();
      const { directory, pid } = await target.start(signal);
      const options = { directory, unmet: [], onProcess: () => Promise.resolve() };
      try {
        const { drift, hangs } = await probeTarget(options, signal);
        expect({ hangs, needs: drift.map(({ need }) => need) }).toEqual({
          hangs: false,
          needs: expect.arrayContaining(['hard-link', 'rename-exchange', 'fallocate']) as string[],
        });
        process.kill(pid ?? 0, 'SIGSTOP');
        const still = await probeTarget({ ...options, limitMs: 1000 }, signal);
        expect(still).toEqual({ hangs: true, drift: [{ says: 'The probes did not come to their end' }] });
      } finally {
        await target.kill();
      }
      expect(await mountAt(directory)).toBeUndefined();
    },
    60_000,
  );

  testHere(
    `shows its secret in no argument, and keeps it in files of mode 0600${suffix}`,
    async () => {
      const target = await session();
      await target.start(signal);
      try {
        const { stdout } = await run('ps', ['-ww', '-o', 'args=', '-p', String(target.target.pid)]);
        expect(stdout).toContain('demo');
        expect(stdout).not.toContain(SECRET);
        for (const entry of await readdir(target.place.folder, { withFileTypes: true })) {
          if (!entry.isFile()) continue;
          const path = join(entry.parentPath, entry.name);
          expect({ path, mode: ((await stat(path)).mode & 0o777).toString(8) }).toEqual({
            path,
            mode: '600',
          });
        }
      } finally {
        await target.stop(signal);
      }
    },
    60_000,
  );

  testHere(
    `that was killed leaves no mount and no process, and starts again${suffix}`,
    async () => {
      const target = await session();
      const { directory } = await target.start(signal);
      await target.kill();
      expect(await mountAt(directory)).toBeUndefined();
      expect(await Promise.all(daemons.map(isAlive))).toEqual([false]);
      await target.start(signal);
      await writeFile(join(directory, 'again'), 'x');
      await target.stop(signal);
      expect(await objectText('again')).toBe('x');
    },
    60_000,
  );

  testHere(
    `with a wrong secret is refused before the first case, and nothing of it is left${suffix}`,
    async () => {
      const credentials = { accessKeyId: 'AKIAEXAMPLEEXAMPLE', secretAccessKey: 'wrongwrongwrongwrong' };
      const wrong = { ...store, connection: { ...store.connection, credentials } };
      const target = await session(wrong);
      const start = async () => {
        await target.start(signal);
        try {
          await proveTarget(target.target, store, { ownFormat: false, signal });
        } finally {
          await target.kill();
        }
      };
      await expect(start()).rejects.toThrow(/could not be mounted|is not the target|EIO|error/i);
      expect(await mountAt(join(folder, 'place', 'mount'))).toBeUndefined();
      expect(await Promise.all(daemons.map(isAlive))).toEqual([false]);
    },
    60_000,
  );

  async function objectText(key: string): Promise<string> {
    const objects = createStore(store.connection, store.bucket);
    try {
      const { body } = await objects.get(key);
      let text = '';
      for await (const chunk of body) text += String(chunk);
      return text;
    } finally {
      objects.close();
    }
  }
});
