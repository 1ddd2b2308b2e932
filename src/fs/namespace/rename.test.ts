import { Failure } from '../../errors/failure.js';
import { Driver, O_RDWR } from '../testing/driver.js';
import { ROOT, startFixture, type Fixture } from '../testing/fixture.js';

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

describe('rename', () => {
  test('replaces a file, keeps what descriptors of it read', async () => {
    const d = await driver();
    await d.writeFile('a', 'new');
    await d.writeFile('b', 'old');
    const old = await d.open('b');
    await d.rename('a', 'b');
    expect(await old.read(0, 10)).toBe('old');
    await old.close();
    expect(await d.readFile('b')).toBe('new');
    expect(await d.list('')).toEqual(['b']);
  });

  test.each([
    ['replaced', (d: Driver) => d.rename('a', 'b'), 'copy'],
    ['removed', (d: Driver) => d.unlink('b'), 'delete'],
  ] as const)('a file that is opened while it is %s is told to be gone', async (_how, change, request) => {
    let reached: () => void = () => undefined;
    let proceed: () => void = () => undefined;
    const isUnderWay = new Promise<void>((resolve) => (reached = resolve));
    const mayGoOn = new Promise<void>((resolve) => (proceed = resolve));
    const store = new Proxy(fixture.store, {
      get: (target, property) => {
        const method = Reflect.get(target, property) as unknown;
        if (property !== request || typeof method !== 'function') return method;
        return async (...given: unknown[]): Promise<unknown> => {
          reached();
          await mayGoOn;
          return (await Reflect.apply(method, target, given)) as unknown;
        };
      },
    });
    const d = await driver({ store });
    await d.writeFile('a', 'new');
    await d.writeFile('b', 'old');
    const ino = await d.ino('b');
    const changing = change(d);
    await isUnderWay;
    const outcome = d.fs.open(ino, 0, ROOT).then(
      () => 'opened',
      (error: unknown) => Failure.from(error).kind,
    );
    await new Promise(setImmediate);
    const next = d.entry('b').then(
      (entry) => entry?.attributes.ino,
      (error: unknown) => Failure.from(error).kind,
    );
    proceed();
    await changing;
    expect(await outcome).toBe('stale');
    expect(await next).not.toBe(ino);
  });

  test('moves a tree with what is open in it', async () => {
    const d = await driver();
    await d.mkdir('one');
    await d.mkdir('one/sub');
    await d.writeFile('one/sub/a', 'a');
    await d.writeFile('one/b', 'b');
    const open = await d.open('one/b', O_RDWR);
    const fresh = await d.create('one/sub/fresh');
    await fresh.write(0, 'fresh');
    await d.rename('one', 'two');
    await open.write(1, 'B');
    await open.close();
    await fresh.close();
    const cold = await driver();
    expect(await cold.list('')).toEqual(['two']);
    expect((await cold.list('two/sub')).sort()).toEqual(['a', 'fresh']);
    expect(await cold.readFile('two/b')).toBe('bB');
    expect(await cold.readFile('two/sub/fresh')).toBe('fresh');
    expect((await fixture.store.list({ prefix: '.objectfs/' })).objects).toEqual([]);
  });

  test.each([
    ['dir', 'dir/sub/x', 'EINVAL'],
    ['dir', 'full', 'ENOTEMPTY'],
    ['dir', 'file', 'ENOTDIR'],
    ['file', 'dir', 'EISDIR'],
    ['missing', 'x', 'ENOENT'],
    ['dir/sub', 'dir', 'ENOTEMPTY'],
  ])('of %s to %s fails with %s', async (from, to, errno) => {
    const d = await driver();
    await d.mkdir('dir');
    await d.mkdir('dir/sub');
    await d.mkdir('full');
    await d.writeFile('full/x', 'x');
    await d.writeFile('file', 'x');
    await expect(d.rename(from, to)).rejects.toMatchObject({ errno });
  });

  test('of a directory over an empty one, and without replacing', async () => {
    const d = await driver();
    await d.mkdir('dir');
    await d.writeFile('dir/a', 'x');
    await d.mkdir('empty');
    await expect(d.rename('dir', 'empty', 1)).rejects.toMatchObject({ errno: 'EEXIST' });
    await expect(d.rename('dir', 'empty', 4)).rejects.toMatchObject({ errno: 'EINVAL' });
    await d.rename('dir', 'empty');
    expect(await d.list('')).toEqual(['empty']);
    expect(await d.list('empty')).toEqual(['a']);
  });

  test('of a directory that was cut off is finished by the next mount', async () => {
    const d = await driver();
    await d.mkdir('old');
    for (const name of ['a', 'b', 'c']) await d.writeFile(`old/${name}`, name);
    const intent = { version: 1, intent: { operation: 'rename-directory', from: 'old/', to: 'new/' } };
    await fixture.store.put('.objectfs/intents/x.json', Buffer.from(JSON.stringify(intent)));
    await fixture.store.copy('old/a', 'new/a');
    await fixture.store.copy('old/', 'new/');
    await fixture.store.delete('old/a');
    const cold = await driver();
    expect(await cold.list('')).toEqual(['new']);
    expect(await cold.list('new')).toEqual(['a', 'b', 'c']);
  });
});
