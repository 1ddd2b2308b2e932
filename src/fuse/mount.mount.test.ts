import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import * as fs from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findMount } from './mount-table.js';
import { startMemoryMount, type MemoryMountProcess } from './testing/memory-mount-process.js';

const run = promisify(execFile);
const canMount = existsSync('/dev/fuse') && process.getuid?.() === 0;
const describeMount = canMount ? describe : describe.skip;

/** Errors of Node's core are of another realm in Jest: compare codes. */
async function codeOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'no error',
    (reason: unknown) => String((reason as NodeJS.ErrnoException).code),
  );
}

describeMount('a kernel mount (needs /dev/fuse and root)', () => {
  let mount: MemoryMountProcess;
  const at = (...names: readonly string[]): string => join(mount.directory, ...names);

  beforeEach(async () => {
    mount = await startMemoryMount();
  });
  afterEach(async () => {
    await mount.dispose();
  });

  test('gives back what was written, also through another descriptor', async () => {
    const bytes = Buffer.alloc(3_000_001, 'objectfs ');
    await fs.writeFile(at('a'), bytes);
    expect((await fs.readFile(at('a'))).equals(bytes)).toBe(true);
    const stats = await fs.stat(at('a'), { bigint: true });
    expect([stats.size, stats.nlink, stats.mode & 0o777n]).toEqual([3_000_001n, 1n, 0o644n]);
    const { openHandles } = await mount.ask('counts');
    expect(openHandles).toBe(0);
  });

  test('sends large writes as requests of 1 MiB', async () => {
    const file = await fs.open(at('a'), 'w');
    // Pages that were never touched would fault in one by one and split the requests.
    await file.write(Buffer.alloc(4 * 1024 * 1024, 'x'));
    await file.close();
    expect((await mount.ask('counts')).write).toBe(4);
  });

  test('asks for no attribute before each write, only before the first', async () => {
    const file = await fs.open(at('a'), 'w');
    for (let index = 0; index < 50; index += 1) await file.write('x');
    await file.close();
    expect((await mount.ask('counts')).getxattr).toBeLessThanOrEqual(1);
  });

  test('renames over a file and keeps the open one readable', async () => {
    await fs.writeFile(at('old'), 'old');
    await fs.writeFile(at('new'), 'new');
    const file = await fs.open(at('new'));
    await fs.rename(at('old'), at('new'));
    expect(await fs.readFile(at('new'), 'utf8')).toBe('old');
    expect((await file.read(Buffer.alloc(3), 0, 3, 0)).buffer.toString()).toBe('new');
    await file.close();
    expect(await codeOf(fs.stat(at('old')))).toBe('ENOENT');
  });

  test('lists 3,000 names once each', async () => {
    const names = Array.from({ length: 3_000 }, (_value, index) => `name-${index}`);
    for (const name of names) await fs.writeFile(at(name), '');
    expect((await fs.readdir(mount.directory)).sort()).toEqual(names.sort());
    const { stdout } = await run('sh', ['-c', 'ls -l "$0" | wc -l', mount.directory]);
    expect(Number(stdout)).toBe(3_001);
  }, 60_000);

  test('gives every reference back: what was removed is gone', async () => {
    await fs.mkdir(at('d'));
    for (let index = 0; index < 20; index += 1) await fs.writeFile(at('d', String(index)), 'x');
    await run('ls', ['-lR', mount.directory]);
    await fs.rm(at('d'), { recursive: true });
    await run('sh', ['-c', 'echo 2 > /proc/sys/vm/drop_caches']);
    const { nodes, openHandles } = await mount.ask('counts');
    expect([nodes, openHandles]).toEqual([1, 0]);
  });

  test('has directories, links, truncation and times to the nanosecond', async () => {
    await fs.mkdir(at('d', 'e'), { recursive: true });
    await fs.writeFile(at('d', 'f'), '0123456789');
    await fs.symlink('d/f', at('s'));
    await fs.link(at('d', 'f'), at('h'));
    expect(await fs.readlink(at('s'))).toBe('d/f');
    expect((await fs.stat(at('h'))).nlink).toBe(2);
    await fs.truncate(at('s'), 4);
    expect(await fs.readFile(at('h'), 'utf8')).toBe('0123');
    await run('touch', ['-d', '2001-02-03 04:05:06.123456789 UTC', at('h')]);
    expect((await fs.stat(at('h'), { bigint: true })).mtimeNs).toBe(981173106123456789n);
    expect(await codeOf(fs.rmdir(at('d')))).toBe('ENOTEMPTY');
    expect(await codeOf(fs.readdir(at('h')))).toBe('ENOTDIR');
  });

  test('keeps names whose bytes are no UTF-8', async () => {
    const name = Buffer.concat([Buffer.from(at('')), Buffer.from([0x2f, 0x61, 0xff, 0x62])]);
    await fs.writeFile(name, 'x');
    const [found] = await fs.readdir(mount.directory, { encoding: 'buffer' });
    expect([...(found ?? [])]).toEqual([0x61, 0xff, 0x62]);
  });

  test('has extended attributes', async () => {
    await fs.writeFile(at('a'), '');
    const script = `
import os, sys
p = sys.argv[1]
os.setxattr(p, 'user.k', b'v' * 1000)
assert os.getxattr(p, 'user.k') == b'v' * 1000
assert os.listxattr(p) == ['user.k']
os.removexattr(p, 'user.k')
assert os.listxattr(p) == []
`;
    await run('python3', ['-c', script, at('a')]);
  });

  test('takes set-user-id away when another user writes', async () => {
    await fs.writeFile(at('a'), 'x');
    await fs.chmod(at('a'), 0o6777);
    await fs.writeFile(at('b'), 'x');
    await fs.chmod(at('b'), 0o6777);
    await fs.appendFile(at('b'), 'y');
    expect((await fs.stat(at('b'))).mode & 0o7777).toBe(0o6777);
    const script =
      'import os,sys; os.setgroups([]); f=open(sys.argv[1],"a"); os.setresuid(65534,65534,65534); f.write("y")';
    await run('python3', ['-c', script, at('a')]);
    expect((await fs.stat(at('a'))).mode & 0o7777).toBe(0o777);
  });

  test('ends a read that is interrupted', async () => {
    await fs.writeFile(at('hang'), 'x');
    const child = spawn('python3', ['-c', `open(${JSON.stringify(at('hang'))},'rb').read(1)`], {
      stdio: 'ignore',
    });
    await eventually(async () => (await mount.ask('counts')).hanging === 1);
    child.kill('SIGKILL');
    await once(child, 'exit');
    await eventually(async () => (await mount.ask('counts')).interrupted === 1);
  });

  test('an abort with requests in flight fails them and leaves no mount', async () => {
    await fs.writeFile(at('hang'), 'x');
    const reads = [1, 2, 3].map(() => codeOf(run('cat', [at('hang')])));
    await eventually(async () => (await mount.ask('counts')).hanging === 3);
    const { openHandles, stop } = await mount.ask('abort');
    expect(stop).toBe(1);
    expect(openHandles).toBe(3); // no RELEASE comes after an abort: stop deals with what is open
    expect(await Promise.all(reads)).toEqual(['1', '1', '1']);
    expect(await findMount(mount.directory)).toBeUndefined();
  });

  test('refuses to unmount while it is in use, and unmounts after', async () => {
    await fs.writeFile(at('a'), 'x');
    const file = await fs.open(at('a'));
    expect((await mount.ask('unmount')).failure).toMatch(/is in use/);
    expect((await file.read(Buffer.alloc(1))).bytesRead).toBe(1);
    await file.close();
    expect(await mount.ask('unmount')).toMatchObject({ stop: 1 });
    await mount.exited;
    expect(await findMount(mount.directory)).toBeUndefined();
  });

  test('ends by itself when somebody else unmounts it', async () => {
    await run('umount', [mount.directory]);
    expect(await mount.event('done')).toMatchObject({ stop: 1 });
    await mount.exited;
  });

  test('serves four clients at a time', async () => {
    const script = `
set -e
mkdir "$1/$2"
i=0
while [ $i -lt 60 ]; do
  head -c 20000 /dev/zero | tr '\\0' "$2" > "$1/$2/t"
  mv "$1/$2/t" "$1/$2/f$i"
  [ "$(wc -c < "$1/$2/f$i")" = 20000 ]
  i=$((i+1))
done
cat "$1/$2"/f* | tr -d "$2" | wc -c
rm -r "$1/$2"`;
    const outputs = await Promise.all(
      ['a', 'b', 'c', 'd'].map((name) => run('sh', ['-c', script, 'sh', mount.directory, name])),
    );
    expect(outputs.map(({ stdout }) => stdout.trim())).toEqual(['0', '0', '0', '0']);
    expect(await fs.readdir(mount.directory)).toEqual([]);
  }, 60_000);

  test('shows source and type in the mount table', async () => {
    const entry = await findMount(mount.directory);
    expect(entry).toMatchObject({ type: 'fuse.objectfs', source: 's3://memory/test' });
    const kib = await fs.readFile(`/sys/class/bdi/${entry?.device ?? ''}/read_ahead_kb`, 'utf8');
    expect(Number(kib)).toBe(4096);
  });
});

/** Polls a condition that another process brings about; gives up with the time-out of the test. */
async function eventually(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise(setImmediate);
}
