import { Driver } from './testing/driver.js';
import { ROOT, startFixture, type Fixture, type MountOptions } from './testing/fixture.js';

describe('times and space', () => {
  let fixture: Fixture;

  beforeEach(async () => {
    fixture = await startFixture();
  });

  afterEach(async () => {
    await fixture.close();
  });

  async function drive(options?: MountOptions): Promise<Driver> {
    return new Driver(await fixture.mount(options));
  }

  test('the birth of a file is kept through rewrite, chmod and rename, for the next mount too', async () => {
    const mounted = await drive();
    await mounted.writeFile('a', 'x');
    const { btimeNs } = await mounted.stat('a');
    expect(btimeNs).toBe((await mounted.stat('a')).atimeNs);
    await mounted.writeFile('a', 'y');
    await mounted.chmod('a', 0o600);
    await mounted.rename('a', 'b');
    const again = await (await drive()).stat('b');
    expect(again.btimeNs).toBe(btimeNs);
    expect(again.mtimeNs).toBeGreaterThan(btimeNs ?? 0n);
  });

  test('the birth of an object that does not tell it is not made up', async () => {
    await fixture.store.put('foreign', Buffer.from('x'));
    await fixture.store.put('rclone', Buffer.from('x'), { metadata: { btime: '2020-01-02T03:04:05.5Z' } });
    const mounted = await drive();
    expect(await mounted.stat('foreign')).not.toHaveProperty('btimeNs');
    expect((await mounted.stat('rclone')).btimeNs).toBe(1_577_934_245_500_000_000n);
  });

  test('reading renews a time of access that is no later than the last change, and costs no request', async () => {
    const mounted = await drive();
    await mounted.writeFile('a', 'bytes');
    const born = await mounted.stat('a');
    await mounted.readFile('a');
    const first = await mounted.stat('a');
    expect(first.atimeNs).toBeGreaterThan(born.mtimeNs);
    expect(first).toMatchObject({ mtimeNs: born.mtimeNs, ctimeNs: born.ctimeNs });
    await mounted.readFile('a');
    expect((await mounted.stat('a')).atimeNs).toBe(first.atimeNs);
    await mounted.writeFile('a', 'others');
    expect((await mounted.stat('a')).atimeNs).toBe(first.atimeNs);
    await mounted.readFile('a');
    expect((await mounted.stat('a')).atimeNs).toBeGreaterThan(first.atimeNs);
    expect(fixture.requests()).not.toHaveProperty('CopyObject');
  });

  test('a time of access that reading has renewed is kept with the next change of the file', async () => {
    const mounted = await drive();
    await mounted.writeFile('a', 'bytes');
    await mounted.readFile('a');
    const { atimeNs } = await mounted.stat('a');
    expect((await (await drive()).stat('a')).atimeNs).toBeLessThan(atimeNs);
    await mounted.rename('a', 'b');
    expect((await mounted.stat('b')).atimeNs).toBe(atimeNs);
    await mounted.chmod('b', 0o600);
    expect((await (await drive()).stat('b')).atimeNs).toBe(atimeNs);
  });

  test('a time of access of more than a day is renewed, a later one than the last change is not', async () => {
    const mounted = await drive();
    await mounted.writeFile('a', 'bytes');
    const { ctimeNs } = await mounted.stat('a');
    const later = ctimeNs + 3_600_000_000_000n;
    await mounted.fs.setattr(await mounted.ino('a'), { atimeNs: later, ctimeNs }, ROOT);
    await mounted.readFile('a');
    expect((await mounted.stat('a')).atimeNs).toBe(later);
    const old = ctimeNs - 90_000_000_000_000n;
    await mounted.fs.setattr(
      await mounted.ino('a'),
      { mtimeNs: old - 1n, atimeNs: old, ctimeNs: old - 1n },
      ROOT,
    );
    await mounted.readFile('a');
    expect((await mounted.stat('a')).atimeNs).toBeGreaterThan(ctimeNs);
  });

  test('utimens decides the time of access, also when it names the one that the metadata have', async () => {
    const mounted = await drive();
    await mounted.writeFile('a', 'bytes');
    const { atimeNs } = await mounted.stat('a');
    await mounted.readFile('a');
    await mounted.fs.setattr(await mounted.ino('a'), { atimeNs }, ROOT);
    expect((await mounted.stat('a')).atimeNs).toBe(atimeNs);
    expect((await (await drive()).stat('a')).atimeNs).toBe(atimeNs);
  });

  test('listing a directory and reading a symbolic link renew theirs', async () => {
    const mounted = await drive();
    await mounted.mkdir('d');
    await mounted.symlink('l', 'target');
    const [d, l] = [await mounted.stat('d'), await mounted.stat('l')];
    await mounted.list('d');
    await mounted.fs.readlink(l.ino, ROOT);
    expect((await mounted.stat('d')).atimeNs).toBeGreaterThan(d.atimeNs);
    expect((await mounted.stat('l')).atimeNs).toBeGreaterThan(l.atimeNs);
  });

  test.each([{ atime: 'noatime' }, { readOnly: true }] as const)(
    'nothing renews it with %p',
    async (options) => {
      await (await drive()).writeFile('a', 'bytes');
      const mounted = await drive(options);
      const { atimeNs } = await mounted.stat('a');
      await mounted.readFile('a');
      expect((await mounted.stat('a')).atimeNs).toBe(atimeNs);
    },
  );

  test('statfs tells 1 PiB, all free, and asks nothing', async () => {
    const mounted = await drive();
    await mounted.writeFile('a', 'x');
    fixture.requests();
    const told = await mounted.fs.statfs(await mounted.ino(''), ROOT);
    expect(told.blocks * BigInt(told.blockSizeBytes)).toBe(2n ** 50n);
    expect(told.blocksFree).toBe(told.blocks);
    expect(fixture.requests()).toEqual({});
  });

  test('statfs with mount.capacity counts what lies in S3, once a minute', async () => {
    await fixture.store.put('p/a', Buffer.alloc(5000));
    await fixture.store.put('p/d/b', Buffer.alloc(1));
    await fixture.store.put('elsewhere', Buffer.alloc(100_000));
    const mounted = await drive({ capacity: 1_000 * 4096, prefix: 'p/' });
    fixture.requests();
    const ask = async () => mounted.fs.statfs(await mounted.ino(''), ROOT);
    const told = await ask();
    expect(told.blocks).toBe(1000n);
    expect(told.blocksFree).toBe(997n);
    await ask();
    expect(fixture.requests()).toEqual({ ListObjectsV2: 1 });
  });

  test('statfs of a bucket that holds more than mount.capacity tells that nothing is free', async () => {
    await fixture.store.put('a', Buffer.alloc(5000));
    const mounted = await drive({ capacity: 4096 });
    expect((await mounted.fs.statfs(await mounted.ino(''), ROOT)).blocksAvailable).toBe(0n);
  });
});

describe('mount.metadataDialect', () => {
  test('decides which names are written; the AWS names go with every change', async () => {
    const fixture = await startFixture();
    try {
      const plain = new Driver(await fixture.mount());
      await plain.writeFile('plain', 'x');
      expect(Object.keys((await fixture.store.head('plain')).metadata)).not.toContain('file-owner');
      const both = new Driver(await fixture.mount({ metadataDialect: 's3fs-and-aws' }));
      await both.writeFile('both', 'x');
      await both.chmod('both', 0o640);
      const { metadata } = await fixture.store.head('both');
      expect(metadata).toMatchObject({
        mode: String(0o100640),
        'file-permissions': '0100640',
        'file-owner': '0',
      });
      expect(metadata['file-mtime']).toMatch(/^\d{19}ns$/);
    } finally {
      await fixture.close();
    }
  });
});

describe('mount.skipIdentical', () => {
  let fixture: Fixture;

  beforeEach(async () => {
    fixture = await startFixture();
  });

  afterEach(async () => {
    await fixture.close();
  });

  test('sends no bytes where they are those of S3, and keeps the new times', async () => {
    const mounted = new Driver(await fixture.mount({ skipIdentical: true }));
    await mounted.writeFile('a', 'the same');
    fixture.requests();
    await mounted.writeFile('a', 'the same');
    const counts = fixture.requests();
    expect(counts).not.toHaveProperty('PutObject');
    expect(counts['CopyObject']).toBe(1);
    const { mtimeNs } = await mounted.stat('a');
    const other = new Driver(await fixture.mount());
    expect((await other.stat('a')).mtimeNs).toBe(mtimeNs);
    expect(await other.readFile('a')).toBe('the same');
    await mounted.writeFile('a', 'not same');
    expect(fixture.requests()['PutObject']).toBe(1);
    expect(await mounted.readFile('a')).toBe('not same');
  });

  test('is off by default', async () => {
    const mounted = new Driver(await fixture.mount());
    await mounted.writeFile('a', 'the same');
    fixture.requests();
    await mounted.writeFile('a', 'the same');
    expect(fixture.requests()['PutObject']).toBe(1);
  });

  test('does not hide that another client has replaced the object', async () => {
    const mounted = new Driver(await fixture.mount({ skipIdentical: true }));
    await mounted.writeFile('a', 'the same');
    const file = await mounted.open('a', 0o1002);
    await file.write(0, 'the same');
    await fixture.store.put('a', Buffer.from('foreign'));
    await expect(file.close()).rejects.toMatchObject({ kind: 'stale' });
    expect((await fixture.store.head('a')).sizeBytes).toBe(7);
  });
});
