import { runInNewContext } from 'node:vm';
import { equal, notEqual, ok, sameBytes, takeChecks } from './assert.js';

describe('Assertions of cases', () => {
  test('equal looks at the content of values of another realm', () => {
    const foreign: unknown = runInNewContext('[1, { a: ["x"] }]');
    equal<unknown>(foreign, [1, { a: ['x'] }], 'foreign value');
    expect(() => {
      equal<unknown>(foreign, [1, { a: ['y'] }], 'foreign value');
    }).toThrow('foreign value: expected [ 1,');
  });

  test('a failed check says what was expected and what was found', () => {
    expect(() => {
      equal(3, 4, 'count of entries');
    }).toThrow('count of entries: expected 4, but got 3');
    expect(() => {
      notEqual('a', 'a', 'etag');
    }).toThrow("etag: expected another value than 'a'");
    expect(() => {
      ok(1 + 1 === 3, 'one and one is three');
    }).toThrow('This did not hold: one and one is three');
  });

  test('a difference of content is told by lengths and the first differing byte', () => {
    sameBytes(Buffer.from('abc'), Buffer.from('abc'), 'file');
    expect(() => {
      sameBytes(Buffer.from('abX'), Buffer.from('abcd'), 'file');
    }).toThrow('file: content differs: expected 4 bytes, got 3; byte 2 is 0x58 and should be 0x63');
    expect(() => {
      sameBytes(Buffer.from('ab'), Buffer.from('abc'), 'file');
    }).toThrow('byte 2 is absent');
  });

  test('each check counts once, also one that does not hold', () => {
    takeChecks();
    equal([1, [2]], [1, [2]], 'list');
    ok(true, 'truth');
    expect(() => {
      sameBytes(Buffer.from('a'), Buffer.from('b'), 'file');
    }).toThrow('file');
    expect(takeChecks()).toBe(3);
    expect(takeChecks()).toBe(0);
  });
});
