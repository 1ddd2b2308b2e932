import { ROOT_INODE } from '../../fs/operations.js';
import { MemoryFileSystem } from '../testing/memory-file-system.js';
import { Descriptors } from './descriptors.js';
import { dataOperations } from './operations-data.js';
import { nameOperations } from './operations-names.js';
import { PathWalker } from './walker.js';

type Answer = readonly [status: number, ...results: unknown[]];

/** Runs one operation to its callback. */
async function call(run: (done: (...answer: [number, ...unknown[]]) => void) => void): Promise<Answer> {
  return new Promise((resolve) => {
    run((...answer) => {
      resolve(answer);
    });
  });
}

describe('operations by path', () => {
  const fileSystem = new MemoryFileSystem();
  const walker = new PathWalker(fileSystem);
  const names = nameOperations(fileSystem, walker);
  const data = dataOperations(fileSystem, walker, new Descriptors(fileSystem));

  test('give every reference to an inode back, also on failure', async () => {
    await call((done) => {
      names.mkdir('/d', 0o755, done);
    });
    const [status, fd] = await call((done) => {
      data.create('/d/f', 0o644, done);
    });
    expect(status).toBe(0);
    const node = fileSystem.tree.child(fileSystem.tree.child(ROOT_INODE, 'd').ino, 'f');
    expect(node.lookups).toBe(1n); // the descriptor's own
    const bytes = Buffer.from('hello');
    expect(
      await call((done) => {
        data.write('/d/f', fd as number, bytes, 5, 0, done);
      }),
    ).toEqual([5]);
    await call((done) => {
      names.getattr('/d/f', done);
    });
    await call((done) => {
      names.readdir('/d', done);
    });
    await call((done) => {
      names.link('/d/f', '/h', done);
    });
    await call((done) => {
      names.rename('/h', '/g', done);
    });
    expect(
      (
        await call((done) => {
          names.getattr('/d/missing', done);
        })
      )[0],
    ).toBe(-2);
    expect(
      (
        await call((done) => {
          names.getattr('/d/f/x', done);
        })
      )[0],
    ).toBe(-20);
    await call((done) => {
      data.release('/d/f', fd as number, done);
    });
    expect([node.lookups, node.openHandles]).toEqual([0n, 0]);
    expect(fileSystem.tree.child(ROOT_INODE, 'd').lookups).toBe(0n);
    await call((done) => {
      names.unlink('/d/f', done);
    });
    await call((done) => {
      names.unlink('/g', done);
    });
    await call((done) => {
      names.rmdir('/d', done);
    });
    expect(fileSystem.tree.nodeCount).toBe(1);
  });

  test('a descriptor that is not open is EBADF', async () => {
    expect(
      (
        await call((done) => {
          data.flush('/x', 99, done);
        })
      )[0],
    ).toBe(-9);
  });
});
