import { setImmediate } from 'node:timers/promises';
import { formatSeconds } from './metadata/time-text.js';
import { Driver } from './testing/driver.js';
import { ROOT, startFixture, type Fixture, type MountOptions } from './testing/fixture.js';

describe('the times of a directory', () => {
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

  async function kept(key: string): Promise<string | undefined> {
    return (await fixture.store.head(key)).metadata['mtime'];
  }

  async function untilKept(mounted: Driver, directory: string): Promise<void> {
    const { mtimeNs } = await mounted.stat(directory);
    while ((await kept(`${directory}/`)) !== formatSeconds(mtimeNs)) await setImmediate();
  }

  async function fsyncDirectory(mounted: Driver, path: string): Promise<void> {
    const ino = await mounted.ino(path);
    const { handle } = await mounted.fs.opendir(ino, 0, ROOT);
    await mounted.fs.fsyncdir(ino, handle, ROOT);
    await mounted.fs.releasedir(ino, handle);
  }

  test('reach its marker in the background, so that a killed mount loses little of them', async () => {
    const mounted = await drive({ directoryTimesMs: 10 });
    await mounted.mkdir('d');
    await mounted.writeFile('d/a', 'x');
    await untilKept(mounted, 'd');
    await mounted.unlink('d/a');
    await untilKept(mounted, 'd');
    const other = await drive();
    expect((await other.stat('d')).mtimeNs).toBe((await mounted.stat('d')).mtimeNs);
    await mounted.fs.stop();
  });

  test('of many changes cost one request', async () => {
    const mounted = await drive();
    await mounted.mkdir('d');
    for (let index = 0; index < 20; index += 1) await mounted.writeFile(`d/${index}`, 'x');
    fixture.requests();
    await fsyncDirectory(mounted, 'd');
    expect(fixture.requests()).toEqual({ PutObject: 1 });
    await fsyncDirectory(mounted, 'd');
    expect(fixture.requests()).toEqual({});
  });

  test('are kept nowhere where it has no marker', async () => {
    await fixture.store.put('implicit/a', Buffer.from('x'));
    const mounted = await drive({ directoryTimesMs: 10 });
    await mounted.mkdir('d');
    await mounted.writeFile('implicit/b', 'x');
    await mounted.writeFile('d/b', 'x');
    await untilKept(mounted, 'd');
    await mounted.fs.stop();
    await expect(fixture.store.head('implicit/')).rejects.toMatchObject({ kind: 'missing' });
  });

  test('do not make a marker again that another client has removed', async () => {
    const mounted = await drive();
    await mounted.mkdir('d');
    await mounted.writeFile('d/a', 'x');
    await fixture.store.delete('d/');
    await fsyncDirectory(mounted, 'd');
    await expect(fixture.store.head('d/')).rejects.toMatchObject({ kind: 'missing' });
    await mounted.fs.stop();
    await expect(fixture.store.head('d/')).rejects.toMatchObject({ kind: 'missing' });
  });

  test('that change while they are written are written again', async () => {
    let inPut: (() => Promise<void>) | undefined;
    const store: Fixture['store'] = {
      ...fixture.store,
      put: async (key, body, options) => {
        const meanwhile = key === 'd/' ? inPut : undefined;
        inPut = undefined;
        await meanwhile?.();
        return await fixture.store.put(key, body, options);
      },
    };
    const mounted = await drive({ store });
    await mounted.mkdir('d');
    await mounted.writeFile('d/a', 'x');
    inPut = () => mounted.writeFile('d/b', 'x');
    await fsyncDirectory(mounted, 'd');
    const { mtimeNs } = await mounted.stat('d');
    expect(await kept('d/')).not.toBe(formatSeconds(mtimeNs));
    await mounted.fs.stop();
    expect(await kept('d/')).toBe(formatSeconds(mtimeNs));
  });
});
