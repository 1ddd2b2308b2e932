import { existsSync } from 'node:fs';
import * as fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { configSchema } from '../config/schema.js';
import { packageRoot } from '../config/paths.js';
import { startEmulator, type Emulator } from '../emulator/emulator.js';
import { createBucketAdmin } from '../s3/admin.js';
import type { MountPlan } from './plan.js';
import { startMount, type RunningMount } from './start.js';

const LIMIT_MS = 60_000;
const canMount = existsSync('/dev/fuse') && process.getuid?.() === 0;
const describeMount = canMount ? describe : describe.skip;

/** A test of a program that may not be installed: skipped by name then. */
function testOf(program: string): typeof test {
  const folders = (process.env['PATH'] ?? '').split(':');
  return folders.some((folder) => existsSync(join(folder, program))) ? test : test.skip;
}

describeMount('ordinary programs on a mount (needs /dev/fuse and root)', () => {
  let emulator: Emulator;
  let folder: string;
  let source: string;
  let plan: MountPlan;
  let mount: RunningMount;

  const run = async (program: string, ...args: string[]): Promise<string> =>
    (await execa(program, args, { cwd: plan.mountPoint, timeout: LIMIT_MS })).stdout;
  /** Everything that stat(2) says and that is not bound to one mount. */
  const facts = async (): Promise<string[]> => {
    const lines = await run('find', '.', '-mindepth', '1', '-printf', '%P %y %m %U %G %s %T@ %l\n');
    return lines.split('\n').sort();
  };
  /** The mount again, with nothing in its caches. */
  const remount = async (): Promise<void> => {
    await mount.unmount();
    mount = await startMount(plan, { foreground: true });
  };

  beforeEach(async () => {
    emulator = await startEmulator();
    const { endpoint, region, credentials } = emulator;
    const connection = { endpoint, region, credentials, forcePathStyle: true };
    const admin = createBucketAdmin(connection);
    await admin.create('programs');
    admin.close();
    folder = await fs.realpath(await fs.mkdtemp(join(tmpdir(), 'objectfs-programs-')));
    const mountPoint = join(folder, 'mnt');
    await fs.mkdir(mountPoint);
    const mountConfig = { cacheDir: join(folder, 'cache') };
    const config = configSchema.parse({ mount: mountConfig, log: { level: 'fatal' } });
    plan = { bucket: 'programs', prefix: '', mountPoint, connection, config };
    mount = await startMount(plan, { foreground: true });
    source = join(folder, 'source');
    await fs.cp(join(packageRoot, 'src', 'log'), source, { recursive: true });
    await fs.symlink('log.ts', join(source, 'link'));
    await fs.chmod(join(source, 'log.ts'), 0o640);
  });

  afterEach(async () => {
    await mount.unmount();
    await emulator.close();
    await fs.rm(folder, { recursive: true });
  });

  test(
    'cp -a and tar keep everything, also after a cold remount',
    async () => {
      await run('cp', '-a', source, 'copied');
      await execa('tar', ['cf', join(folder, 'x.tar'), '-C', source, '.']);
      await fs.mkdir(join(plan.mountPoint, 'untarred'));
      await run('tar', 'xf', join(folder, 'x.tar'), '-C', 'untarred');
      const before = await facts();
      await remount();
      expect(await facts()).toEqual(before);
      await run('diff', '-r', source, 'copied');
      await run('tar', 'df', join(folder, 'x.tar'), '-C', 'untarred');
    },
    2 * LIMIT_MS,
  );

  testOf('rsync')(
    'rsync -a moves nothing the second time, nor after a cold remount',
    async () => {
      await run('rsync', '-a', `${source}/`, 'synced/');
      expect(await run('rsync', '-ai', `${source}/`, 'synced/')).toBe('');
      await remount();
      expect(await run('rsync', '-ai', '--checksum', `${source}/`, 'synced/')).toBe('');
    },
    2 * LIMIT_MS,
  );

  testOf('git')(
    'git clones, commits, collects garbage and finds no fault',
    async () => {
      const who = ['-c', 'user.name=test', '-c', 'user.email=test@localhost'];
      await execa('git', ['init', '-q', source]);
      await execa('git', ['-C', source, 'add', '-A']);
      await execa('git', ['-C', source, ...who, 'commit', '-qm', 'first']);
      await run('git', 'clone', '-q', source, 'clone');
      await fs.appendFile(join(plan.mountPoint, 'clone', 'log.ts'), '// more\n');
      await run('git', '-C', 'clone', ...who, 'commit', '-qam', 'second');
      await run('git', '-C', 'clone', 'gc', '-q');
      await remount();
      await run('git', '-C', 'clone', 'fsck', '--strict');
      expect(await run('git', '-C', 'clone', 'status', '--short')).toBe('');
      expect(await run('git', '-C', 'clone', 'log', '--format=%s')).toBe('second\nfirst');
    },
    2 * LIMIT_MS,
  );

  testOf('sqlite3')(
    'sqlite3 writes with a journal and with a write-ahead log',
    async () => {
      await run('sqlite3', 'a.db', 'create table t(a); insert into t values(1),(2);');
      await run('sqlite3', 'a.db', 'pragma journal_mode=wal; insert into t select a + 10 from t;');
      await remount();
      expect(await run('sqlite3', 'a.db', 'select sum(a) from t; pragma integrity_check;')).toBe('26\nok');
    },
    2 * LIMIT_MS,
  );

  test('an editor saves by a temporary file and rename, df and find work', async () => {
    const at = (name: string): string => join(plan.mountPoint, name);
    await fs.writeFile(at('text'), 'old');
    await fs.writeFile(at('.text.swp'), 'new');
    await fs.rename(at('text'), at('text~'));
    await fs.rename(at('.text.swp'), at('text'));
    await fs.unlink(at('text~'));
    expect(await fs.readFile(at('text'), 'utf8')).toBe('new');
    expect(await run('df', '-h', '.')).toContain('s3://programs');
    expect((await run('find', '.', '-ls')).trim().split('\n')).toHaveLength(2);
  });
});
