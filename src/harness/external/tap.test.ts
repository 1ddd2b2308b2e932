import { readTap } from './tap.js';

const tap = (...lines: readonly string[]) => readTap(lines.join('\n'));

describe('TAP', () => {
  test('a kept plan without a failed point is passed, wherever the plan stands', () => {
    expect(tap('TAP version 13', '1..2', 'ok 1 - a', '  ---', '  x: not ok', '  ...', 'ok')).toEqual({
      state: 'passed',
      checks: 2,
    });
    expect(tap('ok 1', 'ok 2', '1..2').state).toBe('passed');
  });

  test('each failed point is listed with its text', () => {
    const { state, checks, reason } = tap('1..3', 'not ok 1 - one', 'ok 2', 'not ok 3 - three');
    expect({ state, checks, reason }).toEqual({
      state: 'failed',
      checks: 3,
      reason: 'not ok 1 - one\nnot ok 3 - three',
    });
  });

  test('TODO is no failure, SKIP is no check, and an escaped hash is no directive', () => {
    expect(tap('1..2', 'not ok 1 a # TODO later', 'ok 2 b # skip no root')).toEqual({
      state: 'passed',
      checks: 1,
    });
    expect(tap('1..1', 'not ok 1 a \\# TODO later').state).toBe('failed');
  });

  test('nothing but SKIP is skipped with its reason', () => {
    expect(tap('1..0 # SKIP wrong system')).toMatchObject({ state: 'skipped', reason: 'wrong system' });
    expect(tap('1..1', 'ok 1 # SKIP no root')).toEqual({ state: 'skipped', checks: 0, reason: 'no root' });
  });

  test.each([
    ['no output', []],
    ['no plan', ['ok 1']],
    ['too few points', ['1..2', 'ok 1']],
    ['too many points', ['1..1', 'ok 1', 'ok 2']],
    ['two plans', ['1..1', 'ok 1', '1..1']],
    ['a point out of order', ['1..2', 'ok 2', 'ok 1']],
    ['a bail-out', ['1..1', 'ok 1', 'Bail out! no disk']],
    ['an unknown version', ['TAP version 15', '1..1', 'ok 1']],
  ])('%s is failed', (_what, lines) => {
    const { state, reason } = tap(...lines);
    expect(state).toBe('failed');
    expect(reason).toMatch(/\w/);
  });
});
