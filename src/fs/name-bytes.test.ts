import fc from 'fast-check';
import { decodeName, encodeName } from './name-bytes.js';

describe('file names as text', () => {
  test('any bytes come back unchanged', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        expect([...encodeName(decodeName(bytes))]).toEqual([...bytes]);
      }),
    );
  });

  test('any text without escapes comes back unchanged', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(decodeName(encodeName(text))).toBe(text);
      }),
    );
  });

  test('valid UTF-8 is plain text, also where it holds U+FFFD itself', () => {
    expect(decodeName(Buffer.from('caf\u00e9 \u{1f5c4} \ufffd'))).toBe('caf\u00e9 \u{1f5c4} \ufffd');
  });

  test('a byte that is no UTF-8 becomes the lone surrogate of that byte', () => {
    expect(decodeName(Buffer.of(0x61, 0xff, 0x62))).toBe('a\udcffb');
    expect([...encodeName('a\udcffb')]).toEqual([0x61, 0xff, 0x62]);
  });

  test.each([
    ['overlong', [0xc0, 0xaf]],
    ['overlong of three', [0xe0, 0x80, 0xaf]],
    ['surrogate', [0xed, 0xb2, 0x80]],
    ['above U+10FFFF', [0xf4, 0x90, 0x80, 0x80]],
    ['cut short', [0xe2, 0x82]],
    ['stray continuation', [0x80]],
  ])('an ill-formed sequence (%s) is escaped byte by byte', (_name, bytes) => {
    const text = decodeName(Uint8Array.from(bytes));
    expect(Array.from(text, (character) => character.charCodeAt(0) - 0xdc00)).toEqual(bytes);
    expect([...encodeName(text)]).toEqual(bytes);
  });
});
