import { systemCall } from './system-calls.js';

test.each([
  ['x64', 0, 'read', 'descriptor'],
  ['x64', 82, 'rename', 'two-paths'],
  ['x64', 257, 'openat', 'at'],
  ['x64', 316, 'renameat2', 'two-at'],
  ['arm64', 63, 'read', 'descriptor'],
  ['arm64', 5, 'setxattr', 'path'],
  ['arm64', 276, 'renameat2', 'two-at'],
])('on %s the call %i is %s', (architecture, number, name, shape) => {
  expect(systemCall(number, architecture)).toEqual({ name, shape });
});

test('a call that is not on files is none', () => {
  expect([systemCall(230, 'x64'), systemCall(-1, 'x64'), systemCall(NaN, 'arm64')]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});
