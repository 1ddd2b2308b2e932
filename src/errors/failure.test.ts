import { ERRNO } from './errno.js';
import { ERRNO_FOR, Failure, usageError } from './failure.js';

describe('Failure', () => {
  test('every kind maps to an errno that has a number', () => {
    for (const name of Object.values(ERRNO_FOR)) expect(ERRNO[name]).toBeGreaterThan(0);
  });

  test('an abort becomes a cancelled failure that keeps its cause', () => {
    const abort = new DOMException('stop', 'AbortError');
    const failure = Failure.from(abort);
    expect(failure.kind).toBe('cancelled');
    expect(failure.errno).toBe('EINTR');
    expect(failure.cause).toBe(abort);
  });

  test('a failure passes through unchanged', () => {
    const failure = usageError('wrong', 'do it right', '--flag');
    expect(Failure.from(failure)).toBe(failure);
    expect(failure.toLine()).toBe('wrong. do it right');
  });
});
