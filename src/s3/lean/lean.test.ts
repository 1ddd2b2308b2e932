import { createHash, createHmac, type BinaryLike } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';
import type { ChecksumConstructor } from '@smithy/types';
import fc from 'fast-check';
import { encodePath, encodeQuery } from './address.js';
import { ChunkedDecoder } from './http/chunked.js';
import type { ReplyHead } from './http/reply-head.js';
import { ReplyReader, type ReplyEvents } from './http/reply-reader.js';
import { Signer, signingTime } from './sign.js';
import { escapeXml, readXml } from './xml.js';

const credentials = {
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
};

/** The hash that the SDK's signer wants to be given. */
class Sha256 {
  readonly #hash;
  constructor(secret?: BinaryLike) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', secret);
  }
  update(data: BinaryLike): void {
    this.#hash.update(data);
  }
  digest(): Promise<Uint8Array> {
    return Promise.resolve(this.#hash.digest());
  }
  reset(): void {
    throw new Error('not asked for');
  }
}

describe('the signature', () => {
  const text = fc.string({ unit: fc.constantFrom(...Array.from('aZ09-_.~/ +&=%()!*\u00fc\u65e5')) });
  test('is that of the SDK for any key, query and fields', async () => {
    const reference = new SignatureV4({
      service: 's3',
      region: 'eu-west-1',
      credentials,
      // The SDK's type also takes what browsers have.
      sha256: Sha256 as unknown as ChecksumConstructor,
      uriEscapePath: false,
      applyChecksum: false,
    });
    const signer = new Signer('eu-west-1');
    await fc.assert(
      fc.asyncProperty(
        text,
        fc.dictionary(fc.constantFrom('prefix', 'delimiter', 'a-b', 'uploads'), text),
        fc.stringMatching(/^[ -~]{0,20}$/),
        fc.date({ min: new Date('2020-01-01'), max: new Date('2040-01-01'), noInvalidDate: true }),
        async (key, query, field, date) => {
          const time = signingTime(date.getTime());
          const headers = {
            host: 'bucket.s3.amazonaws.com',
            'x-amz-date': time.timestamp,
            'x-amz-content-sha256': 'UNSIGNED-PAYLOAD',
            'x-amz-meta-note': field,
            'cache-control': 'no-store',
          };
          const path = `/${encodePath(key)}`;
          const ours = signer.authorization(
            { method: 'GET', path, query: encodeQuery(query), headers },
            credentials,
            time,
          );
          const signed = await reference.sign(
            { method: 'GET', protocol: 'https:', hostname: 'bucket.s3.amazonaws.com', path, query, headers },
            { signingDate: date },
          );
          expect(ours).toBe(signed.headers['authorization']);
        },
      ),
      { numRuns: 200 },
    );
  });
});

interface Seen {
  heads: ReplyHead[];
  body: Buffer;
  pieces: readonly Buffer[];
  continues: number;
  ends: number;
}

/** Feeds a reply in pieces of the given sizes, through the buffers that the reader asks for. */
function readReply(wire: Buffer, method: string, sizes: readonly number[], pieceBytes?: number): Seen {
  const pieces: Buffer[] = [];
  const seen: Seen = { heads: [], body: Buffer.alloc(0), pieces, continues: 0, ends: 0 };
  const reader = new ReplyReader();
  const events: ReplyEvents = {
    onContinue: () => (seen.continues += 1),
    onHead: (head) => seen.heads.push(head),
    onData: (data) => pieces.push(data),
    onEnd: () => (seen.ends += 1),
  };
  reader.begin(method, events, pieceBytes);
  for (let at = 0, turn = 0; at < wire.length; turn += 1) {
    const buffer = reader.nextBuffer();
    const size = Math.min(sizes[turn % sizes.length] ?? 1, buffer.length, wire.length - at);
    wire.copy(buffer, 0, at, at + size);
    reader.take(size, buffer);
    at += size;
  }
  seen.body = Buffer.concat(pieces);
  return seen;
}

describe('a reply on the wire', () => {
  const body = Buffer.from(Array.from({ length: 300_000 }, (_none, at) => at % 251));
  const sizes = fc.array(fc.integer({ min: 1, max: 200_000 }), { minLength: 1, maxLength: 8 });

  test('of known length is the same however it is cut', () => {
    const head = 'HTTP/1.1 200 OK\r\nContent-Length: 300000\r\nETag: "e"\r\nX-A: 1\r\nx-a:2\r\n\r\n';
    const wire = Buffer.concat([Buffer.from(head), body]);
    fc.assert(
      fc.property(sizes, (cuts) => {
        const seen = readReply(wire, 'GET', [1, 7, ...cuts]);
        expect(seen.heads.map(({ status, headers }) => [status, headers['etag'], headers['x-a']])).toEqual([
          [200, '"e"', '1, 2'],
        ]);
        expect(seen.body.equals(body)).toBe(true);
        expect(seen.ends).toBe(1);
      }),
      { numRuns: 30 },
    );
  });

  test('comes in buffers that end where pieces do, each made for one piece, however it is cut', () => {
    const head = 'HTTP/1.1 206 Partial Content\r\nContent-Length: 300000\r\n\r\n';
    const wire = Buffer.concat([Buffer.from(head), body]);
    const pieceBytes = 65_536;
    fc.assert(
      fc.property(sizes, (cuts) => {
        const seen = readReply(wire, 'GET', [head.length + 5, ...cuts], pieceBytes);
        expect(seen.body.equals(body)).toBe(true);
        let at = 0;
        for (const piece of seen.pieces) {
          const isWithHead = at === 0;
          const inPiece = at % pieceBytes;
          at += piece.length;
          if (isWithHead) continue;
          const from = at - piece.length < pieceBytes ? 5 : 0;
          expect(piece.byteOffset).toBe(inPiece - from);
          expect(piece.buffer.byteLength).toBe(
            Math.min(pieceBytes, body.length - (at - piece.length - inPiece)) - from,
          );
        }
      }),
      { numRuns: 30 },
    );
  });

  test('in chunks is the same however it is cut, after an interim reply', () => {
    const chunks = [body.subarray(0, 10), body.subarray(10, 100_000), body.subarray(100_000)];
    const coded = chunks.flatMap((chunk) => [
      Buffer.from(`${chunk.length.toString(16)};x=y\r\n`),
      chunk,
      Buffer.from('\r\n'),
    ]);
    const head = 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';
    const wire = Buffer.concat([Buffer.from(head), ...coded, Buffer.from('0\r\nTrailer: t\r\n\r\n')]);
    fc.assert(
      fc.property(sizes, (cuts) => {
        const seen = readReply(wire, 'GET', [3, ...cuts]);
        expect([seen.continues, seen.heads.length, seen.ends]).toEqual([1, 1, 1]);
        expect(seen.body.equals(body)).toBe(true);
      }),
      { numRuns: 30 },
    );
  });

  test.each([
    ['HEAD', 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n'],
    ['DELETE', 'HTTP/1.1 204 No Content\r\n\r\n'],
    ['GET', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 10\r\n\r\n'],
  ])('to %s without a body ends with its head', (method, wire) => {
    expect(readReply(Buffer.from(wire), method, [5]).ends).toBe(1);
  });

  test.each([
    ['SSH-2.0-OpenSSH_9.2\r\n', /HTTP/],
    ['HTTP/1.1 200 OK\r\nContent-Length: ten\r\n\r\n', /no number/],
    ['HTTP/1.1 200 OK\r\nno colon\r\n\r\n', /without a name/],
    ['HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nab', /more than it announced/],
    ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n', /chunked/],
    [`HTTP/1.1 200 OK\r\nX: ${'x'.repeat(70_000)}`, /too long/],
  ])('that is broken is refused (%#)', (wire, message) => {
    expect(() => readReply(Buffer.from(wire), 'GET', [60_000])).toThrow(message);
  });

  test('a decoder of chunks tells what it did not use', () => {
    const decoder = new ChunkedDecoder();
    expect(decoder.push(Buffer.from('0\r\n\r\nHTTP'), () => undefined)).toBe(5);
    expect(decoder.isDone).toBe(true);
  });
});

describe('a document', () => {
  test('carries any text that XML can write', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...Array.from('a<>&"\'\r\u00fc ;#x')) }), (text) => {
        const { content } = readXml(
          `<?xml version="1.0"?><R xmlns="n"><A>${escapeXml(text)}</A><B/></R>`,
          'R',
        );
        expect([content.text('A'), content.text('B'), content.text('C')]).toEqual([text, '', undefined]);
      }),
    );
  });

  test.each(['<R><A>1</A>', '<R><A>1</R>', '<Q></Q>', '<R', '', 'text', '<html><p>x<br></html>'])(
    '%j is no document of root R',
    (text) => {
      expect(() => readXml(text, 'R')).toThrow(SyntaxError);
    },
  );
});
