import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import fc from 'fast-check';
import { ChunkDecoder, type ChunkedBody } from './chunk-decoder.js';
import { deriveSigningKey } from './signing.js';

// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html and sigv4-streaming-trailers.html
const SECRET = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';
const SCOPE = { date: '20130524', region: 'us-east-1', service: 's3' };
const CONTEXT = {
  signingKey: deriveSigningKey(SECRET, SCOPE),
  timestamp: '20130524T000000Z',
  scope: '20130524/us-east-1/s3/aws4_request',
};
const FIRST = Buffer.alloc(65_536, 'a');
const SECOND = Buffer.alloc(1024, 'a');
const SIGNED: ChunkedBody = {
  decodedBytes: 66_560,
  trailer: false,
  signing: {
    context: CONTEXT,
    seedSignature: '4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9',
  },
};
const SIGNATURES = [
  'ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648',
  '0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497',
  'b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9',
];

function chunk(bytes: Uint8Array, signature?: string): Buffer {
  const extension = signature === undefined ? '' : `;chunk-signature=${signature}`;
  return Buffer.concat([
    Buffer.from(`${bytes.length.toString(16)}${extension}\r\n`),
    bytes,
    Buffer.from('\r\n'),
  ]);
}

function signedExample(signatures = SIGNATURES): Buffer {
  return Buffer.concat([
    chunk(FIRST, signatures[0]),
    chunk(SECOND, signatures[1]),
    chunk(new Uint8Array(0), signatures[2]),
  ]);
}

function unsigned(chunks: readonly Uint8Array[], trailer = ''): Buffer {
  return Buffer.concat([...chunks.map((bytes) => chunk(bytes)), Buffer.from(`0\r\n${trailer}\r\n`)]);
}

interface Decoded {
  readonly bytes: Buffer;
  readonly trailers: ReadonlyMap<string, string>;
}

async function decode(body: ChunkedBody, encoded: Buffer, pieceBytes = 10_000): Promise<Decoded> {
  const pieces: Buffer[] = [];
  for (let at = 0; at < encoded.length; at += pieceBytes) pieces.push(encoded.subarray(at, at + pieceBytes));
  const decoder = new ChunkDecoder(body, 65_536);
  const out: Buffer[] = [];
  await pipeline(Readable.from(pieces), decoder, async (source: AsyncIterable<Buffer>) => {
    for await (const bytes of source) out.push(bytes);
  });
  return { bytes: Buffer.concat(out), trailers: decoder.trailers };
}

describe('aws-chunked bodies', () => {
  test('the published example of signed chunks is accepted', async () => {
    const { bytes } = await decode(SIGNED, signedExample());
    expect(bytes.equals(Buffer.concat([FIRST, SECOND]))).toBe(true);
  });

  test.each([0, 1, 2])('a wrong signature of chunk %i is refused', async (index) => {
    const signatures = SIGNATURES.map((signature, at) =>
      at === index ? signature.replace(/./, 'f') : signature,
    );
    await expect(decode(SIGNED, signedExample(signatures))).rejects.toMatchObject({
      s3Code: 'SignatureDoesNotMatch',
    });
  });

  test('one changed byte inside a signed chunk is refused', async () => {
    const encoded = signedExample();
    encoded[40_000] = 0x62;
    await expect(decode(SIGNED, encoded)).rejects.toMatchObject({ s3Code: 'SignatureDoesNotMatch' });
  });

  test('the published example of a signed trailer is accepted, and refused where the trailer changed', async () => {
    const body: ChunkedBody = {
      decodedBytes: 66_560,
      trailer: true,
      signing: {
        context: CONTEXT,
        seedSignature: '106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e',
      },
    };
    const encoded = (checksum: string): Buffer =>
      Buffer.concat([
        chunk(FIRST, 'b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2'),
        chunk(SECOND, '1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7'),
        Buffer.from('0;chunk-signature=2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992\r\n'),
        Buffer.from(`x-amz-checksum-crc32c:${checksum}\r\n`),
        Buffer.from(
          'x-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n\r\n',
        ),
      ]);
    const { trailers } = await decode(body, encoded('sOO8/Q=='));
    expect(trailers.get('x-amz-checksum-crc32c')).toBe('sOO8/Q==');
    await expect(decode(body, encoded('AAAAAA=='))).rejects.toMatchObject({
      s3Code: 'SignatureDoesNotMatch',
    });
  });

  test('an unsigned body decodes to its bytes however it is cut on the wire', async () => {
    const parameters = fc.record({
      sizes: fc.array(fc.integer({ min: 8192, max: 20_000 }), { maxLength: 4 }),
      lastBytes: fc.integer({ min: 1, max: 8191 }),
      pieceBytes: fc.integer({ min: 1, max: 30_000 }),
    });
    await fc.assert(
      fc.asyncProperty(parameters, async ({ sizes, lastBytes, pieceBytes }) => {
        const chunks = [...sizes, lastBytes].map((size, index) => Buffer.alloc(size, index + 1));
        const whole = Buffer.concat(chunks);
        const encoded = unsigned(chunks, 'X-Amz-Checksum-Crc32: AAAAAA==\r\n');
        const result = await decode({ decodedBytes: whole.length, trailer: true }, encoded, pieceBytes);
        expect(result.bytes.equals(whole)).toBe(true);
        expect(result.trailers.get('x-amz-checksum-crc32')).toBe('AAAAAA==');
      }),
      { numRuns: 40 },
    );
  });

  test.each([
    [
      'a small chunk that is not the last',
      unsigned([Buffer.alloc(10), Buffer.alloc(10)]),
      20,
      'InvalidChunkSizeError',
    ],
    ['fewer bytes than announced', unsigned([Buffer.alloc(10)]), 11, 'IncompleteBody'],
    ['more bytes than announced', unsigned([Buffer.alloc(10)]), 9, 'IncompleteBody'],
    ['an end in the middle of a chunk', unsigned([Buffer.alloc(10)]).subarray(0, 8), 10, 'IncompleteBody'],
    ['no end', unsigned([Buffer.alloc(10)]).subarray(0, -2), 10, 'IncompleteBody'],
    [
      'something after the end',
      Buffer.concat([unsigned([Buffer.alloc(10)]), Buffer.from('x\r\n')]),
      10,
      'InvalidRequest',
    ],
    ['a size that is no number', Buffer.from('zz\r\n'), 10, 'InvalidRequest'],
    ['a trailer without a name', unsigned([Buffer.alloc(10)], ':x\r\n'), 10, 'MalformedTrailerError'],
  ])('a body with %s is refused', async (_, encoded, decodedBytes, code) => {
    await expect(decode({ decodedBytes, trailer: true }, encoded)).rejects.toMatchObject({ s3Code: code });
  });
});
