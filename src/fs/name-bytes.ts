import { Buffer } from 'node:buffer';

/** Lone surrogates U+DC80 to U+DCFF stand for the bytes 0x80 to 0xFF (PEP 383). */
const ESCAPE_BASE = 0xdc00;
const ESCAPED_BYTE = /[\uDC80-\uDCFF]/;
const REPLACEMENT = '\uFFFD';

/**
 * File name bytes as text, without loss: valid UTF-8 as it is, any other byte 0xNN as the lone surrogate U+DCNN
 * (Python's surrogateescape, PEP 383). Never fails.
 */
export function decodeName(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = buffer.toString('utf8');
  // Only a text with replacement characters can stand for broken UTF-8.
  return text.includes(REPLACEMENT) ? decodeSlowly(buffer) : text;
}

/**
 * The inverse of {@link decodeName}.
 *
 * A surrogate that is no escaped byte has no UTF-8 form and becomes U+FFFD, as everywhere in Node.
 */
export function encodeName(name: string): Buffer {
  return ESCAPED_BYTE.test(name) ? encodeSlowly(name) : Buffer.from(name, 'utf8');
}

function decodeSlowly(bytes: Uint8Array): string {
  let text = '';
  let position = 0;
  while (position < bytes.length) {
    const length = sequenceLength(bytes, position);
    if (length === 0) {
      text += String.fromCharCode(ESCAPE_BASE + (bytes[position] ?? 0));
      position += 1;
    } else {
      text += Buffer.from(bytes.subarray(position, position + length)).toString('utf8');
      position += length;
    }
  }
  return text;
}

function encodeSlowly(name: string): Buffer {
  const parts: Buffer[] = [];
  for (const character of name) {
    const code = character.codePointAt(0) ?? 0;
    const escaped = code >= 0xdc80 && code <= 0xdcff;
    parts.push(escaped ? Buffer.of(code - ESCAPE_BASE) : Buffer.from(character, 'utf8'));
  }
  return Buffer.concat(parts);
}

/** Length of the well-formed UTF-8 sequence at `start` (Unicode 15, table 3-7), or 0. */
function sequenceLength(bytes: Uint8Array, start: number): number {
  const first = bytes[start] ?? 0;
  if (first < 0x80) return 1;
  const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4) return 0;
  const second = bytes[start + 1] ?? 0;
  if (second < lowestSecond(first) || second > highestSecond(first)) return 0;
  for (let index = 2; index < length; index += 1) {
    const next = bytes[start + index] ?? 0;
    if (next < 0x80 || next > 0xbf) return 0;
  }
  return length;
}

function lowestSecond(first: number): number {
  if (first === 0xe0) return 0xa0; // no overlong forms
  return first === 0xf0 ? 0x90 : 0x80;
}

function highestSecond(first: number): number {
  if (first === 0xed) return 0x9f; // no surrogates
  return first === 0xf4 ? 0x8f : 0xbf; // nothing above U+10FFFF
}
