import { reviveAfterHang } from './revive.js';
import { TargetSession } from './session.js';
import type { RunningTarget, TargetDriver } from './target.js';
import { NOWHERE } from './testing/nowhere.js';

const signal = new AbortController().signal;

/** A target that notes what is done to it. */
function notingDriver(note: (what: string) => void): TargetDriver {
  const noted = (what: string) => (): Promise<void> => {
    note(what);
    return Promise.resolve();
  };
  const target: RunningTarget = {
    directory: '/nowhere',
    stop: noted('target stopped'),
    kill: noted('target killed'),
  };
  return {
    name: 'noting',
    version: '1',
    needsStore: false,
    unmet: [],
    quirks: [],
    start: async () => {
      await noted('target started')();
      return target;
    },
  };
}

test('what is caught in a hung case is killed before a mount lets go of it, and gone before the target is back', async () => {
  const log: string[] = [];
  const note = (what: string): number => log.push(what);
  const session = new TargetSession(notingDriver(note), NOWHERE);
  await session.start(signal);
  const later = (what: string) => (): Promise<void> => Promise.resolve().then(() => void note(what));
  const caught = { kill: () => void note('process killed'), end: later('process gone') };
  expect(await reviveAfterHang(session, caught, later('changes taken back'), signal)).toBeUndefined();
  expect(log).toEqual([
    'target started',
    'process killed',
    'changes taken back',
    'target killed',
    'process gone',
    'target started',
  ]);
});
