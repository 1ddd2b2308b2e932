import fc from 'fast-check';
import { decodeName } from './name-bytes.js';
import { keySegment, nameOfSegment, SEGMENT_MAX_BYTES } from './names.js';

describe('keySegment', () => {
  test('any name of bytes comes back from its key, and the key is UTF-8', () => {
    const bytes = fc.uint8Array({ minLength: 1, maxLength: 255 });
    const special = fc
      .constantFrom('\u{10ff7f}', '\u{10ff7f}x', '\u{10ffff}', '\u{10ff80}x', 'a\u{10ff7f}', '\u{1f600}')
      .map((text) => Buffer.from(text));
    fc.assert(
      fc.property(fc.oneof(bytes, special), (raw) => {
        const name = decodeName(raw);
        const key = keySegment(name);
        expect(Buffer.from(key).toString()).toBe(key);
        expect(nameOfSegment(key)).toBe(name);
        expect(Buffer.byteLength(key)).toBeLessThanOrEqual(SEGMENT_MAX_BYTES);
      }),
    );
  });

  test('two names never share a key: the character that stands for a byte is not that byte', () => {
    expect(keySegment('\u{10ffff}')).not.toBe(keySegment(decodeName(Buffer.from([0xff]))));
  });
});
