import { wrapStore } from '../s3/metered.js';
import type { ObjectStore } from '../s3/store.js';
import { ROOT_INODE, type FileSystem, type InodeId } from './operations.js';
import { Driver } from './testing/driver.js';
import { ROOT, startFixture, type Fixture } from './testing/fixture.js';

let fixture: Fixture;

beforeEach(async () => {
  fixture = await startFixture();
});

afterEach(async () => {
  await fixture.close();
});

/** A store whose next copy waits until it is let go. */
class HeldCopies {
  readonly store: ObjectStore;
  #began: () => void = () => undefined;
  #held: Promise<void> | undefined;

  constructor(store: ObjectStore) {
    this.store = wrapStore(store, async (method, run) => {
      if (method === 'copy' && this.#held !== undefined) {
        const held = this.#held;
        this.#held = undefined;
        this.#began();
        await held;
      }
      return await run();
    });
  }

  holdNext(): { readonly began: Promise<void>; readonly letGo: () => void } {
    let letGo: () => void = () => undefined;
    this.#held = new Promise((resolve) => (letGo = resolve));
    const began = new Promise<void>((resolve) => (this.#began = resolve));
    return { began, letGo };
  }
}

/** open(2) of an inode that meets a rename over its name in the middle. */
async function openDuring(fs: FileSystem, copies: HeldCopies, ino: InodeId, from: string) {
  const held = copies.holdNext();
  const renaming = fs.rename(ROOT_INODE, from, ROOT_INODE, 'f', 0, ROOT);
  await held.began;
  const opening = fs.open(ino, 0, ROOT);
  opening.catch(() => undefined);
  held.letGo();
  await renaming;
  return await opening;
}

/** An open of `f` has just been refused, because `a` was renamed over it; `found` is what the kernel finds then. */
async function refusedOnce() {
  const copies = new HeldCopies(fixture.store);
  const fs = await fixture.mount({ store: copies.store });
  const driver = new Driver(fs);
  for (const [name, text] of Object.entries({ f: 'one', a: 'two', b: 'three' }))
    await driver.writeFile(name, text);
  await expect(openDuring(fs, copies, await driver.ino('f'), 'a')).rejects.toMatchObject({ errno: 'ESTALE' });
  // As the kernel does on ESTALE.
  return { copies, fs, driver, found: await driver.ino('f') };
}

test('a name that is replaced twice within one open is opened at the second try, with the bytes that were found', async () => {
  const { copies, fs, driver, found } = await refusedOnce();
  const { handle } = await openDuring(fs, copies, found, 'b');
  const bytes = Buffer.concat(await fs.read(found, handle, 0n, 100, ROOT));
  expect(bytes.toString()).toBe('two');
  await fs.release(found, handle);
  expect(await driver.readFile('f')).toBe('three');
});

test('an open that never comes keeps nothing', async () => {
  const { fs, driver, found } = await refusedOnce();
  await driver.rename('b', 'f');
  while (
    await fs.getattr(found, undefined, ROOT).then(
      () => true,
      () => false,
    )
  ) {
    fs.forget(found, 1n);
    await new Promise(setImmediate);
  }
  expect(await driver.readFile('f')).toBe('three');
});

test('a thread that comes with the very inode again is let in: it has a descriptor and no name to look up', async () => {
  const fs = await fixture.mount();
  const driver = new Driver(fs);
  await driver.writeFile('f', 'content');
  const ino = await driver.ino('f');
  await fs.unlink(ROOT_INODE, 'f', ROOT);
  await expect(fs.open(ino, 0, ROOT)).rejects.toMatchObject({ errno: 'ESTALE' });
  await expect(fs.open(ino, 0, { ...ROOT, pid: ROOT.pid + 1 })).rejects.toMatchObject({ errno: 'ESTALE' });
  const { handle } = await fs.open(ino, 0, { ...ROOT, pid: ROOT.pid + 1 });
  await fs.release(ino, handle);
});
