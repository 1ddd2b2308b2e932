import type { Lane } from '../../emulator/link/lane.js';
import { mutantsOf } from '../mutant.js';

/** Pieces of this size are content: heads and documents are shorter. */
const LEAST_CONTENT_BYTES = 16 * 1024;

/** A lane whose pieces arrive as `change` makes them; each is a copy, for the server may still hold the bytes. */
function changeArriving(sound: Lane, change: (bytes: Buffer) => Buffer): Partial<Lane> {
  return {
    take: (nowMs) => {
      const piece = sound.take(nowMs);
      return piece === undefined ? undefined : { ...piece, bytes: change(Buffer.from(piece.bytes)) };
    },
  };
}

function changeContent(sound: Lane, change: (bytes: Buffer) => Buffer): Partial<Lane> {
  return changeArriving(sound, (bytes) => (bytes.length < LEAST_CONTENT_BYTES ? bytes : change(bytes)));
}

/** Heads begin a piece: nobody here sends a second request before the reply to the first. */
const HEAD = /^(?:HTTP\/1\.1 |[A-Z]+ \/)/;

/** @param found - In the head of a request or reply; `instead` is as long, so that framing stays whole. */
function changeHead(sound: Lane, found: RegExp, instead: string): Partial<Lane> {
  return changeArriving(sound, (bytes) => {
    if (!HEAD.test(bytes.subarray(0, 16).toString('latin1'))) return bytes;
    const end = bytes.indexOf('\r\n\r\n');
    const size = end < 0 ? bytes.length : end;
    bytes.write(bytes.subarray(0, size).toString('latin1').replace(found, instead), 'latin1');
    return bytes;
  });
}

function flipBit(bytes: Buffer): Buffer {
  const at = Math.floor(bytes.length / 2);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  return bytes;
}

/** What a proxy or a bad path can do to requests. */
const UPLINK_MUTANTS = mutantsOf('uplink', [
  [
    'link-flips-a-bit-of-requests',
    'one bit of what is uploaded is flipped on the way',
    ['integrity:files/generated-5-mib-and-one-byte', 'integrity:transporter/part-edges-by-plain'],
    (sound) => changeContent(sound, flipBit),
  ],
  [
    'link-uploads-zeros',
    'content arrives at the server as zeros',
    ['integrity:files/generated-5-mib-and-one-byte', 'integrity:transporter/part-edges-by-plain'],
    (sound) => changeContent(sound, (bytes) => bytes.fill(0)),
  ],
  [
    'link-strips-the-range',
    'a proxy does not pass on the Range header',
    ['range:direct/first-byte'],
    (sound) => changeHead(sound, /^range:/im, 'r-nge:'),
  ],
  [
    'link-strips-conditions',
    'a proxy does not pass on the If-Match header',
    ['range:direct/pinned-by-if-match', 'integrity:saved/lost-update-is-refused'],
    (sound) => changeHead(sound, /^if-match:/im, 'i--match:'),
  ],
]);

/** And to replies. */
const DOWNLINK_MUTANTS = mutantsOf('downlink', [
  [
    'link-flips-a-bit-of-replies',
    'one bit of what is downloaded is flipped on the way',
    ['range:mount/in-the-middle', 'integrity:transporter/mount-reads-multipart-object'],
    (sound) => changeContent(sound, flipBit),
  ],
  [
    'link-loses-every-second-piece',
    'every second piece of a long reply arrives as zeros',
    ['range:mount/whole-after-pieces', 'integrity:files/generated-5-mib-and-one-byte'],
    (sound) => {
      let isSecond = false;
      return changeContent(sound, (bytes) => {
        isSecond = !isSecond;
        return isSecond ? bytes : bytes.fill(0);
      });
    },
  ],
  [
    'link-repeats-a-piece',
    'a piece of a long reply arrives again in the place of the next',
    ['range:mount/whole-after-pieces', 'integrity:files/generated-5-mib-and-one-byte'],
    (sound) => {
      let before: Buffer = Buffer.alloc(0);
      return changeContent(sound, (bytes) => {
        const arrives = before.length === bytes.length ? before : bytes;
        before = bytes;
        return arrives;
      });
    },
  ],
  [
    'link-says-200-for-a-range',
    'a proxy passes a partial reply on as a whole one',
    ['range:direct/first-byte'],
    (sound) => changeHead(sound, /^HTTP\/1\.1 206/, 'HTTP/1.1 200'),
  ],
  [
    'link-says-200-for-a-refusal',
    'a proxy passes the refusal of a condition on as success',
    ['integrity:saved/lost-update-is-refused', 'range:direct/pinned-by-if-match'],
    (sound) => changeHead(sound, /^HTTP\/1\.1 412/, 'HTTP/1.1 200'),
  ],
  [
    'link-loses-metadata',
    'a proxy does not pass on the user metadata of an object',
    ['integrity:metadata/mode-400', 'integrity:metadata/owner'],
    (sound) => changeHead(sound, /^x-amz-meta-/gim, 'x-amz-mexa-'),
  ],
]);

/** Defects of the way between client and server, such as of a proxy. */
export const LINK_MUTANTS = [...UPLINK_MUTANTS, ...DOWNLINK_MUTANTS];
