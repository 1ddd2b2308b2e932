import type { SuiteResult } from '../report/model.js';
import { endTarget } from './target-end.js';
import { TargetSession } from './targets/session.js';
import type { RunningTarget } from './targets/target.js';
import { NOWHERE } from './targets/testing/nowhere.js';

const LIMIT_MS = 50;
const result: SuiteResult = { suite: 'posix', target: 'slow', control: false, elapsedMs: 1, cases: [] };

/** A started target that stops as told. */
async function startedSession(stop: RunningTarget['stop'], kills: string[]): Promise<TargetSession> {
  const kill = (): Promise<void> => Promise.resolve(void kills.push('killed'));
  const running: RunningTarget = { directory: '/nowhere', stop, kill };
  const session = new TargetSession(
    {
      name: 'slow',
      version: '1',
      needsStore: false,
      unmet: [],
      quirks: [],
      start: () => Promise.resolve(running),
    },
    NOWHERE,
  );
  await session.start(new AbortController().signal);
  return session;
}

test('a target that ends adds nothing to the results', async () => {
  const kills: string[] = [];
  const session = await startedSession(() => Promise.resolve(), kills);
  expect(await endTarget(session, result, LIMIT_MS)).toEqual(result);
  expect(kills).toEqual([]);
});

test.each<[string, RunningTarget['stop'], RegExp]>([
  ['can not save what it has', () => Promise.reject(new Error('2 files were not saved')), /2 files were not/],
  [
    'never ends',
    (signal) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          reject(new DOMException('The operation was aborted', 'AbortError'));
        });
      }),
    /^It did not end within 0.05 s$/,
  ],
])('a target that %s is a failed case behind the others, and is killed', async (_what, stop, reason) => {
  const kills: string[] = [];
  const session = await startedSession(stop, kills);
  const { cases } = await endTarget(session, result, LIMIT_MS);
  expect(cases).toEqual([
    expect.objectContaining({
      id: 'posix/end',
      state: 'failed',
      reason: expect.stringMatching(reason) as string,
    }),
  ]);
  expect(kills).toEqual(['killed']);
});
