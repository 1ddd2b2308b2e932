import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { deadline } from './deadline.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Nothing but the signal itself holds the limit then. */
async function firedAfterGarbageCollection(signal: AbortSignal): Promise<unknown> {
  const fired = once(signal, 'abort');
  for (let round = 0; round < 3; round += 1) {
    await delay(20);
    collectGarbage();
  }
  const waited = new AbortController();
  const enough = delay(2_000, undefined, { signal: waited.signal }).catch(() => undefined);
  await Promise.race([fired, enough]);
  waited.abort();
  return signal.aborted ? (signal.reason as Error).name : 'never';
}

test('a limit comes also where garbage was collected meanwhile', async () => {
  expect(await firedAfterGarbageCollection(deadline(100))).toBe('TimeoutError');
});

test('a limit beside another signal comes also where garbage was collected meanwhile', async () => {
  const { signal } = new AbortController();
  expect(await firedAfterGarbageCollection(deadline(100, signal))).toBe('TimeoutError');
});

test('a limit beside another signal inside of a third one comes, too', async () => {
  const other = new AbortController();
  const nested = AbortSignal.any([other.signal, deadline(100, new AbortController().signal)]);
  expect(await firedAfterGarbageCollection(nested)).toBe('TimeoutError');
});

test('a signal that fires first is the reason', () => {
  const stop = new AbortController();
  const signal = deadline(60_000, stop.signal);
  const reason = new Error('enough');
  stop.abort(reason);
  expect(signal.reason).toBe(reason);
});
