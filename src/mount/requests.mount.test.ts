import { existsSync } from 'node:fs';
import * as fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import pLimit from 'p-limit';
import { configSchema } from '../config/schema.js';
import { startEmulator, type Emulator } from '../emulator/emulator.js';
import { createBucketAdmin } from '../s3/admin.js';
import type { MountPlan } from './plan.js';
import { startMount, type RunningMount } from './start.js';

const canMount = existsSync('/dev/fuse') && process.getuid?.() === 0;
const describeMount = canMount ? describe : describe.skip;
const hasGit = (process.env['PATH'] ?? '').split(':').some((folder) => existsSync(join(folder, 'git')));
/** So that a slow machine asks nothing twice: with the default of a second, a listing of each directory per second. */
const LONG_TTL_MS = 600_000;
const FILES = 1000;

// What the daemon asks of S3, exactly: the table in docs/semantics.md.
describeMount('requests of a mount (needs /dev/fuse and root)', () => {
  let emulator: Emulator;
  let folder: string;
  let plan: MountPlan;
  let mount: RunningMount;
  let before: Map<string, number>;
  const at = (name: string): string => join(plan.mountPoint, name);

  /** Requests since the last call. */
  const requests = (): Record<string, number> => {
    const now = new Map(emulator.requestCounts().map(({ operation, count }) => [operation, count]));
    const since = [...now].map(([name, count]) => [name, count - (before.get(name) ?? 0)] as const);
    before = now;
    return Object.fromEntries(since.filter(([, count]) => count > 0));
  };
  const run = async (program: string, ...args: string[]): Promise<string> =>
    (await execa(program, args, { cwd: folder, timeout: 300_000 })).stdout;
  const remount = async (): Promise<void> => {
    await mount.unmount();
    await mount.done;
    mount = await startMount(plan, { foreground: true });
    requests();
  };
  const writeMany = async (directory: string, count: number): Promise<void> => {
    const limit = pLimit(16);
    await fs.mkdir(at(directory));
    const names = Array.from({ length: count }, (_, index) => at(`${directory}/f${index}`));
    await Promise.all(names.map((name) => limit(() => fs.writeFile(name, 'some bytes'))));
  };

  beforeEach(async () => {
    emulator = await startEmulator();
    before = new Map();
    const { endpoint, region, credentials } = emulator;
    const connection = { endpoint, region, credentials, forcePathStyle: true };
    const admin = createBucketAdmin(connection);
    await admin.create('counted');
    admin.close();
    folder = await fs.realpath(await fs.mkdtemp(join(tmpdir(), 'objectfs-requests-')));
    const mountPoint = join(folder, 'mnt');
    await fs.mkdir(mountPoint);
    const ttl = {
      attributeTtlMs: LONG_TTL_MS,
      entryTtlMs: LONG_TTL_MS,
      negativeTtlMs: LONG_TTL_MS,
      directoryTimesMs: LONG_TTL_MS,
    };
    const config = configSchema.parse({
      mount: { cacheDir: join(folder, 'cache'), ...ttl },
      log: { level: 'fatal' },
    });
    plan = { bucket: 'counted', prefix: '', mountPoint, connection, config };
    mount = await startMount(plan, { foreground: true });
    requests();
  });
  afterEach(async () => {
    await mount.unmount();
    await mount.done;
    await emulator.close();
    await fs.rm(folder, { recursive: true });
  });

  test(`ls -l of ${FILES} own files, cold, and rm -r of them`, async () => {
    await writeMany('d', FILES);
    await remount();
    const lines = (await run('ls', '-l', at('d'))).split('\n');
    expect(lines).toHaveLength(FILES + 1);
    expect(lines.at(-1)).toMatch(/^-rw-r--r-- 1 root root +10 /);
    expect(requests()).toEqual({ ListObjectsV2: 2, GetObject: 1 });
    await remount();
    await run('rm', '-r', at('d'));
    const { DeleteObject = 0, ...others } = requests();
    // One for each file and one for the directory; the last listing is rmdir's own look.
    expect(DeleteObject).toBe(FILES + 1);
    expect(others).toEqual({ ListObjectsV2: 3, GetObject: 1 });
  }, 300_000);

  test('find over directories takes for each a HEAD, a listing and its index', async () => {
    for (let index = 0; index < 5; index += 1) await writeMany(`d${index}`, 100);
    await remount();
    const found = await run('find', plan.mountPoint, '-type', 'f', '-size', '-4k');
    expect(found.split('\n')).toHaveLength(500);
    expect(requests()).toEqual({ ListObjectsV2: 6, HeadObject: 5, GetObject: 5 });
  }, 300_000);

  test('create, write and close take two; stat and missing names of what is known take none', async () => {
    await fs.writeFile(at('first'), 'x');
    expect(requests()).toEqual({ ListObjectsV2: 1, PutObject: 1 });
    await fs.stat(at('first'));
    await fs.readdir(plan.mountPoint);
    requests();
    await expect(fs.stat(at('missing'))).rejects.toMatchObject({ code: 'ENOENT' });
    await fs.stat(at('first'));
    expect(requests()).toEqual({});
    await fs.writeFile(at('second'), 'x');
    expect(requests()).toEqual({ PutObject: 1 });
  }, 60_000);

  test('a shell that sends output to a new file costs no object without bytes; an old file is emptied first', async () => {
    await fs.readdir(plan.mountPoint);
    requests();
    await run('sh', '-c', `echo new >'${at('redirected')}'`);
    expect(requests()).toEqual({ PutObject: 1 });
    await run('sh', '-c', `echo other >'${at('redirected')}'`);
    expect(requests()).toEqual({ HeadObject: 1, PutObject: 2 });
    await run('sh', '-c', `: >'${at('emptied')}'`);
    await run('touch', at('touched'));
    expect(requests()).toEqual({ PutObject: 2 });
  }, 60_000);

  (hasGit ? test : test.skip)(
    'git status in a cold clone asks for directories, not for files',
    async () => {
      const git = (...args: string[]): Promise<string> =>
        run('git', '-c', 'user.name=t', '-c', 'user.email=t@example.org', ...args);
      const source = join(folder, 'source');
      await git('init', '-q', source);
      for (const directory of ['a', 'b', 'c']) {
        await fs.mkdir(join(source, directory));
        for (let index = 0; index < 40; index += 1) {
          await fs.writeFile(join(source, directory, `f${index}`), `${directory}${index}`);
        }
      }
      await git('-C', source, 'add', '.');
      await git('-C', source, 'commit', '-q', '-m', 'all');
      await git('clone', '-q', source, at('clone'));
      // Git reads again what is as young as its index, by whole seconds: how many files that is, is chance.
      await run('find', at('clone'), '-name', 'f*', '-exec', 'touch', '-d', '1 hour ago', '{}', '+');
      await git('-C', at('clone'), 'update-index', '--refresh');
      await remount();
      expect(await git('-C', at('clone'), 'status', '--porcelain')).toBe('');
      const { HeadObject = 0, ListObjectsV2 = 0 } = requests();
      // 120 files in 3 directories, and what git reads below .git.
      expect(HeadObject).toBeLessThan(40);
      expect(ListObjectsV2).toBeLessThan(40);
    },
    300_000,
  );
});
