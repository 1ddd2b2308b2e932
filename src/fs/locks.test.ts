import { LockTable, orAbort } from './locks.js';

function gate(): { readonly promise: Promise<void>; readonly open: () => void } {
  let open: () => void = () => undefined;
  const promise = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { promise, open };
}

describe('LockTable', () => {
  test('holders of one name follow each other in order of arrival', async () => {
    const locks = new LockTable();
    const first = gate();
    const order: number[] = [];
    const runs = [
      locks.run(['a'], async () => {
        await first.promise;
        order.push(1);
      }),
      locks.run(['a'], () => Promise.resolve(order.push(2))),
      locks.run(['a'], () => Promise.resolve(order.push(3))),
    ];
    await locks.run(['b'], () => Promise.resolve(order.push(0)));
    first.open();
    await Promise.all(runs);
    expect(order).toEqual([0, 1, 2, 3]);
  });

  test('two names taken in either order do not wait for each other in a circle', async () => {
    const locks = new LockTable();
    let done = 0;
    const work = async (): Promise<void> => {
      await Promise.resolve();
      done += 1;
    };
    await Promise.all(
      Array.from({ length: 50 }, (_, i) => locks.run(i % 2 === 0 ? ['a', 'b'] : ['b', 'a'], work)),
    );
    expect(done).toBe(50);
  });

  test('a waiter that is cancelled does not let others in before their turn', async () => {
    const locks = new LockTable();
    const first = gate();
    const held = locks.run(['a'], () => first.promise);
    const controller = new AbortController();
    const cancelled = locks.run(['a'], () => Promise.resolve('never'), controller.signal);
    let third = false;
    const last = locks.run(['a'], () => {
      third = true;
      return Promise.resolve();
    });
    controller.abort();
    await expect(cancelled).rejects.toMatchObject({ kind: 'cancelled' });
    expect(third).toBe(false);
    first.open();
    await Promise.all([held, last]);
    expect(third).toBe(true);
  });

  test('failing work frees its names', async () => {
    const locks = new LockTable();
    await expect(locks.run(['a'], () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    await expect(locks.run(['a'], () => Promise.resolve(5))).resolves.toBe(5);
  });
});

test('orAbort answers at once when the signal has fired already', async () => {
  const never = new Promise<void>(() => undefined);
  await expect(orAbort(never, AbortSignal.abort())).rejects.toMatchObject({ kind: 'cancelled' });
});
