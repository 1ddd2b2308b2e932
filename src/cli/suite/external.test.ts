import { externalFrom } from './external.js';

test('the flags of an outside suite become its wish', () => {
  const flags = { kind: 'fsx', path: '/opt/fsx', timeout: 1.5 };
  expect(externalFrom(flags, ['external'], 50)).toEqual({
    kind: 'fsx',
    path: '/opt/fsx',
    operations: 50,
    limitMs: 1500,
  });
  expect(externalFrom({ kind: 'fio' }, ['external'], undefined)).toEqual({ kind: 'fio' });
  expect(externalFrom({}, ['posix'], 50)).toBeUndefined();
});

test.each([
  ['no kind', {}, ['external'], undefined, /needs --kind/],
  ['company', { kind: 'fio' }, ['external', 'posix'], undefined, /stands alone/],
  ['a limit of another suite', { timeout: 5 }, ['posix'], undefined, /belong to "external"/],
  ['a limit of nothing', { kind: 'fio', timeout: 0 }, ['external'], undefined, /not 0/],
  ['a limit that is no number', { kind: 'fio', timeout: NaN }, ['external'], undefined, /not NaN/],
  ['a limit of weeks', { kind: 'fio', timeout: 1e7 }, ['external'], undefined, /not 10000000/],
  ['operations of what counts none', { kind: 'fio' }, ['external'], 5, /--ops says nothing to fio/],
])('%s is a usage error', (_what, flags, names, operations, message) => {
  expect(() => externalFrom(flags, names, operations)).toThrow(message);
});
