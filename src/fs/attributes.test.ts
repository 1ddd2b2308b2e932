import { Driver, O_RDWR } from './testing/driver.js';
import { startFixture, ROOT, USER, type Fixture } from './testing/fixture.js';

let fixture: Fixture;

beforeEach(async () => {
  fixture = await startFixture();
});

afterEach(async () => {
  await fixture.close();
});

async function driver(options?: Parameters<Fixture['mount']>[0]): Promise<Driver> {
  return new Driver(await fixture.mount(options));
}

describe('metadata', () => {
  test('owner, mode, times and attributes survive a remount', async () => {
    const d = await driver();
    await d.writeFile('a', 'x');
    const ino = await d.ino('a');
    await d.fs.setattr(ino, { mode: 0o4711, uid: 12, gid: 34 }, ROOT);
    await d.fs.setattr(ino, { atimeNs: -1_500_000_000n, mtimeNs: 4_300_000_000_123_456_789n }, ROOT);
    await d.fs.setxattr(ino, 'user.colour', Buffer.from('red\0blue'), 0, ROOT);
    const cold = await driver();
    expect(await cold.stat('a')).toMatchObject({
      mode: 0o104711,
      uid: 12,
      gid: 34,
      atimeNs: -1_500_000_000n,
      mtimeNs: 4_300_000_000_123_456_789n,
    });
    const value = await cold.fs.getxattr(await cold.ino('a'), 'user.colour', ROOT);
    expect(Buffer.from(value).toString()).toBe('red\0blue');
  });

  test('a new file gets the storage class of the mount, a rewritten one keeps its own', async () => {
    await fixture.store.put('old', Buffer.from('bytes'), { storageClass: 'ONEZONE_IA' });
    const d = await driver({ storage: { storageClass: 'STANDARD_IA', storageClassRules: [] } });
    for (const name of ['old', 'new', 'large']) {
      await d.writeFile(name, Buffer.alloc(name === 'large' ? 9 * 1024 * 1024 : 10, name));
    }
    const classOf = async (key: string) => (await fixture.store.head(key)).storageClass;
    expect(await Promise.all(['old', 'new', 'large'].map(classOf))).toEqual([
      'ONEZONE_IA',
      'STANDARD_IA',
      'STANDARD_IA',
    ]);
  });

  test('chmod and rename keep foreign metadata, content headers and storage class', async () => {
    const described = {
      metadata: { colour: 'red', mtime: '5' },
      headers: { contentType: 'text/csv', cacheControl: 'no-store', contentLanguage: 'de' },
      storageClass: 'STANDARD_IA',
    } as const;
    await fixture.store.put('a', Buffer.from('bytes'), described);
    const d = await driver();
    await d.fs.setattr(await d.ino('a'), { mode: 0o600 }, ROOT);
    await d.rename('a', 'b');
    const head = await fixture.store.head('b');
    expect(head).toMatchObject({ headers: described.headers, storageClass: 'STANDARD_IA' });
    expect(head.metadata).toMatchObject({ colour: 'red', mtime: '5', mode: '33152', uid: '500' });
  });

  test('chmod of an implicit directory gives it a marker', async () => {
    await fixture.store.put('dir/a', Buffer.from('x'));
    const d = await driver();
    await d.fs.setattr(await d.ino('dir'), { mode: 0o700 }, ROOT);
    expect(await fixture.store.head('dir/')).toMatchObject({
      headers: { contentType: 'application/x-directory' },
    });
    expect((await (await driver()).stat('dir')).mode).toBe(0o040700);
  });

  test('links, fifos and devices survive a remount', async () => {
    const d = await driver();
    await d.symlink('link', '../some/target');
    await d.mknod('fifo', 0o010640);
    await d.mknod('null', 0o020666, 0x103);
    const cold = await driver();
    expect(await cold.fs.readlink(await cold.ino('link'), ROOT)).toBe('../some/target');
    expect(await cold.stat('link')).toMatchObject({ mode: 0o120777, sizeBytes: 14n });
    expect((await cold.stat('fifo')).mode).toBe(0o010640);
    expect(await cold.stat('null')).toMatchObject({ mode: 0o020666, rdev: 0x103 });
  });

  test('flags and limits of extended attributes', async () => {
    const d = await driver();
    await d.writeFile('a', 'x');
    const ino = await d.ino('a');
    const set = (name: string, bytes: number, flags: number): Promise<void> =>
      d.fs.setxattr(ino, name, Buffer.alloc(bytes), flags, ROOT);
    await expect(set('user.a', 1, 2)).rejects.toMatchObject({ errno: 'ENODATA' });
    await set('user.a', 1, 1);
    await expect(set('user.a', 1, 1)).rejects.toMatchObject({ errno: 'EEXIST' });
    await expect(set('user.b', 2048, 0)).rejects.toMatchObject({ errno: 'ENOSPC' });
    await expect(set('user.b', 65537, 0)).rejects.toMatchObject({ errno: 'E2BIG' });
    await expect(set('user.', 1, 0)).rejects.toMatchObject({ errno: 'EINVAL' });
    await expect(set('system.posix_acl_access', 1, 0)).rejects.toMatchObject({ errno: 'EOPNOTSUPP' });
    expect(await d.fs.listxattr(ino, ROOT)).toEqual(['user.a']);
    await d.fs.removexattr(ino, 'user.a', ROOT);
    await expect(d.fs.getxattr(ino, 'user.a', ROOT)).rejects.toMatchObject({ errno: 'ENODATA' });
  });

  test('a missing SELinux label is told as not supported, so that ls -l asks once; one that was set is told', async () => {
    const d = await driver();
    await d.writeFile('a', 'x');
    const ino = await d.ino('a');
    const label = (): Promise<Uint8Array> => d.fs.getxattr(ino, 'security.selinux', ROOT);
    await expect(label()).rejects.toMatchObject({ errno: 'EOPNOTSUPP' });
    await d.fs.setxattr(ino, 'security.selinux', Buffer.from('any'), 0, ROOT);
    expect(Buffer.from(await label()).toString()).toBe('any');
  });

  test('set-id bits go with a write by a user and with a change of owner', async () => {
    const d = await driver();
    await d.writeFile('a', 'x');
    const ino = await d.ino('a');
    await d.fs.setattr(ino, { mode: 0o6755 }, ROOT);
    const file = await new Driver(d.fs, USER).open('a', O_RDWR);
    await file.write(0, 'y');
    await file.close();
    expect((await d.stat('a')).mode).toBe(0o100755);
    await d.fs.setattr(ino, { mode: 0o6755 }, ROOT);
    await d.fs.setattr(ino, { uid: 3 }, ROOT);
    expect((await d.stat('a')).mode).toBe(0o100755);
  });

  test('a sticky directory protects the files of others', async () => {
    const d = await driver();
    await d.mkdir('tmp');
    await d.fs.setattr(await d.ino('tmp'), { mode: 0o1777 }, ROOT);
    await d.writeFile('tmp/a', 'x');
    const user = new Driver(d.fs, USER);
    await expect(user.unlink('tmp/a')).rejects.toMatchObject({ errno: 'EPERM' });
    await expect(user.rename('tmp/a', 'tmp/b')).rejects.toMatchObject({ errno: 'EPERM' });
    await user.writeFile('tmp/mine', 'x');
    await user.unlink('tmp/mine');
  });

  test('names that are too long are refused', async () => {
    const d = await driver();
    await d.writeFile('n'.repeat(255), 'x');
    await expect(d.stat('n'.repeat(256))).rejects.toMatchObject({ errno: 'ENAMETOOLONG' });
  });

  test('a change of owner takes set-id bits from a fifo too, and leaves those of a directory', async () => {
    const d = await driver();
    await d.mknod('fifo', 0o010755);
    await d.mkdir('d');
    for (const name of ['fifo', 'd']) {
      await d.fs.setattr(await d.ino(name), { mode: 0o6755 }, ROOT);
      await d.fs.setattr(await d.ino(name), { gid: 7 }, ROOT);
    }
    expect((await d.stat('fifo')).mode).toBe(0o010755);
    expect((await d.stat('d')).mode).toBe(0o046755);
  });
});
