import { Driver } from './testing/driver.js';
import { startFixture, type Fixture } from './testing/fixture.js';

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

/** `top/ddd.../ddd.../...` with directories of 200 bytes; `levels` of 20 give a path of about 4,000 bytes. */
async function deepFolder(d: Driver, top: string, levels: number): Promise<string> {
  let path = top;
  await d.mkdir(path);
  for (let level = 0; level < levels; level += 1) {
    path += `/${`${level}-`.padEnd(200, 'd')}`;
    await d.mkdir(path);
  }
  return path;
}

async function keys(): Promise<string[]> {
  return (await fixture.store.list()).objects.map(({ key }) => key);
}

describe('paths that are longer than the keys of S3', () => {
  test('hold files that a cold mount lists and reads, and every key is within the limit', async () => {
    const d = await driver();
    const folder = await deepFolder(d, 'top', 20);
    await d.writeFile(`${folder}/file`, 'bytes');
    const cold = await driver();
    expect(await cold.readFile(`${folder}/file`)).toBe('bytes');
    expect(await cold.list(folder)).toEqual(['file']);
    const above = folder.slice(0, folder.lastIndexOf('/'));
    expect(await cold.list(above)).toEqual([folder.slice(above.length + 1)]);
    for (const key of await keys()) expect(Buffer.byteLength(key)).toBeLessThanOrEqual(1024);
  });

  test('keep a directory from being removed, and can be emptied', async () => {
    const d = await driver();
    const folder = await deepFolder(d, 'top', 5);
    const above = folder.slice(0, folder.lastIndexOf('/'));
    const cold = await driver();
    await expect(cold.rmdir(above)).rejects.toMatchObject({ errno: 'ENOTEMPTY' });
    await cold.rmdir(folder);
    await cold.rmdir(above);
    await expect((await driver()).stat(above)).rejects.toMatchObject({ errno: 'ENOENT' });
  });

  test('move with the directory above them, to a shorter and to a longer name', async () => {
    const d = await driver();
    const folder = await deepFolder(d, 'top', 12);
    await d.writeFile(`${folder}/file`, 'bytes');
    for (const name of ['t', 'n'.repeat(255)]) {
      const [before = ''] = await d.list('');
      await d.rename(before, name);
      const cold = await driver();
      expect(await cold.list('')).toEqual([name]);
      expect(await cold.readFile(name + folder.slice('top'.length) + '/file')).toBe('bytes');
      expect(await d.readFile(name + folder.slice('top'.length) + '/file')).toBe('bytes');
    }
    expect((await keys()).length).toBe(14);
  });

  test('work below a prefix, and for names of 255 bytes that are no UTF-8', async () => {
    const options = { prefix: `${'p'.repeat(100)}/` };
    const d = await driver(options);
    const folder = await deepFolder(d, 'top', 3);
    const name = '\udcff'.repeat(255);
    await d.mkdir(`${folder}/${name}`);
    await d.writeFile(`${folder}/${name}/${name}`, 'bytes');
    const cold = await driver(options);
    expect(await cold.list(folder)).toEqual([name]);
    expect(await cold.readFile(`${folder}/${name}/${name}`)).toBe('bytes');
    expect((await keys()).every((key) => key.startsWith(options.prefix))).toBe(true);
  });

  test('of a file whose key has exactly 1,024 bytes', async () => {
    const key = `${'a'.repeat(255)}/${'b'.repeat(255)}/${'c'.repeat(255)}/${'d'.repeat(253)}/ee`;
    expect(key.length).toBe(1024);
    await fixture.store.put(key, Buffer.from('x'));
    const d = await driver();
    expect(await d.readFile(key)).toBe('x');
    await d.mkdir(`${key.slice(0, -2)}ff`);
    expect(await (await driver()).list(key.slice(0, -3))).toEqual(['ee', 'ff']);
  });
});
