import fc from 'fast-check';
import { TimedQueue } from './timed-queue.js';

test('values come in the order of their times, and of arrival where those are equal', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(20)), (times) => {
      const queue = new TimedQueue<number>();
      times.forEach((atMs, index) => {
        queue.push(atMs, index);
      });
      const taken: (readonly [number, number])[] = [];
      for (let next = queue.takeUntil(20); next !== undefined; next = queue.takeUntil(20)) {
        taken.push([next.atMs, next.value]);
      }
      const sorted = times.map((atMs, index) => [atMs, index] as const).sort((a, b) => a[0] - b[0]);
      expect(taken).toEqual(sorted);
    }),
  );
});

test('a value is not taken before its time', () => {
  const queue = new TimedQueue<string>();
  queue.push(5, 'a');
  expect(queue.takeUntil(4.9)).toBeUndefined();
  expect(queue.firstMs).toBe(5);
  expect(queue.takeUntil(5)?.value).toBe('a');
  expect(queue.firstMs).toBeUndefined();
});
