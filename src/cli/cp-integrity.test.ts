import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
  type ChecksumAlgorithm,
  type ChecksumType,
  type CompletedPart,
} from '@aws-sdk/client-s3';
import { startEmulator, type Emulator } from '../emulator/emulator.js';
import type { FaultRules } from '../emulator/faults/rules.js';
import { makePlace, startObjectfs, type Place } from './testing/command-line.js';

const MIB = 2 ** 20;
const Bucket = 'data';
/** Eight ranges of 5 MiB. */
const large = randomBytes(40 * MIB);
/** Three parts, three ranges. */
const middle = randomBytes(14 * MIB);

/** What the server keeps, and of parts of which sizes. */
const KINDS: readonly (readonly [string, ChecksumAlgorithm, ChecksumType, readonly number[]])[] = [
  ['CRC64NVME FULL_OBJECT', 'CRC64NVME', 'FULL_OBJECT', [6, 6, 2]],
  ['CRC32C FULL_OBJECT', 'CRC32C', 'FULL_OBJECT', [6, 6, 2]],
  ['CRC32 COMPOSITE', 'CRC32', 'COMPOSITE', [6, 6, 2]],
  ['CRC32C COMPOSITE', 'CRC32C', 'COMPOSITE', [6, 6, 2]],
  ['SHA1 COMPOSITE', 'SHA1', 'COMPOSITE', [6, 6, 2]],
  ['SHA256 COMPOSITE', 'SHA256', 'COMPOSITE', [6, 6, 2]],
];

/** Copies of what changes on its way, and of what other programs have summed up, by the real program. */
describe('objectfs cp', () => {
  let emulator: Emulator;
  let client: S3Client;
  let place: Place;

  beforeAll(async () => {
    emulator = await startEmulator({ minimumPartBytes: MIB });
    const { endpoint, region, credentials } = emulator;
    client = new S3Client({ endpoint, region, credentials, forcePathStyle: true });
    await client.send(new CreateBucketCommand({ Bucket }));
    await client.send(
      new PutObjectCommand({ Bucket, Key: 'large', Body: large, ChecksumAlgorithm: 'CRC32' }),
    );
  });

  afterAll(async () => {
    client.destroy();
    await emulator.close();
  });

  beforeEach(async () => {
    place = await makePlace();
  });

  afterEach(async () => {
    emulator.setFaults(undefined);
    await place.remove();
  });

  async function cp(...args: string[]) {
    const { accessKeyId, secretAccessKey } = emulator.credentials;
    const flags = ['--endpoint', emulator.endpoint, '--chunk-size', '5MiB', '--connections', '2', '--json'];
    const { exitCode, stdout, stderr } = await startObjectfs(place, ['cp', ...args, ...flags], {
      environment: { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey },
    });
    const lines = stderr.split('\n').filter((line) => !/ to do$|%/.test(line));
    // Where the bytes go to standard output, the summary goes to the other.
    const summary: unknown =
      exitCode === 0 ? JSON.parse(lines.at(-1)?.[0] === '{' ? lines.join('') : stdout) : {};
    return { exitCode, lines, summary };
  }

  /** A program that sends parts of these sizes with a checksum each. */
  async function sendParts(
    Key: string,
    algorithm: ChecksumAlgorithm,
    type: ChecksumType,
    mib: readonly number[],
  ) {
    const kind = { ChecksumAlgorithm: algorithm, ChecksumType: type };
    const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key, ...kind }));
    const Parts: CompletedPart[] = [];
    let end = 0;
    for (const [index, size] of mib.entries()) {
      const Body = middle.subarray(end, (end += size * MIB));
      const part = { Bucket, Key, UploadId, PartNumber: index + 1, Body, ChecksumAlgorithm: algorithm };
      const { $metadata, ...sent } = await client.send(new UploadPartCommand(part));
      expect($metadata.httpStatusCode).toBe(200);
      Parts.push({ ...sent, PartNumber: index + 1 });
    }
    const MultipartUpload = { Parts };
    await client.send(new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload }));
  }

  function breakRequests(...rules: NonNullable<FaultRules['rules']>): void {
    emulator.setFaults({ rules });
  }

  /** How often the rules above were at work. */
  const fired = () => emulator.faultCounts().map((count) => count.fired);
  const digest = (data: Uint8Array): string => createHash('sha256').update(data).digest('hex');
  const fileDigest = async (name: string) => digest(await readFile(join(place.work, name)));
  const journals = () => readdir(join(place.folder, 'state/transfers')).catch(() => []);
  const changed = { kind: 'corrupt-byte' } as const;
  const changedUp = { kind: 'corrupt-byte', of: 'request' } as const;

  describe('of an object', () => {
    const stalled = { operation: 'GetObject', nth: 3, fault: { kind: 'stalled-body' } } as const;

    test('--hedge: a range that stalls for ever comes by a second request', async () => {
      breakRequests(stalled);
      const { summary } = await cp('s3://data/large', 'here', '--hedge');
      const verification = { verified: true, by: 'CRC32 FULL_OBJECT' };
      expect(summary).toMatchObject({ hedged: 1, hedgeWins: 1, retries: 0, requests: 9, verification });
      expect(await fileDigest('here')).toBe(digest(large));
      expect([await journals(), await readdir(place.work)]).toEqual([[], ['here']]);
    });

    test('--hedge: a second request that brings a changed byte is found out, and all is asked for anew', async () => {
      breakRequests(stalled, { operation: 'GetObject', nth: 9, fault: changed });
      const { summary } = await cp('s3://data/large', 'here', '--hedge');
      expect(fired()).toEqual([1, 1]);
      const reason = expect.stringMatching(/^bad-checksum: large: its CRC32 is /) as string;
      expect(summary).toMatchObject({ hedgeWins: 1, verification: { verified: true }, fallback: { reason } });
      expect(await fileDigest('here')).toBe(digest(large));
    });

    test('a byte that changes once: all is asked for once more', async () => {
      breakRequests({ operation: 'GetObject', nth: 5, fault: changed });
      const { summary } = await cp('s3://data/large', 'here');
      expect(fired()).toEqual([1]);
      const verification = { verified: true, by: 'CRC32 FULL_OBJECT' };
      expect(summary).toMatchObject({ verification, fallback: { reason: expect.any(String) as string } });
      expect(await fileDigest('here')).toBe(digest(large));
    });

    test.each([[[]], [['--hedge']], [['--no-resume']]])(
      'bytes that go on changing: one line, and the file of before, with %j',
      async (flags) => {
        await writeFile(join(place.work, 'here'), 'before');
        breakRequests({ operation: 'GetObject', fault: changed });
        const { exitCode, lines } = await cp('s3://data/large', 'here', ...flags);
        const line = expect.stringMatching(
          /^objectfs: large: its CRC32 is \S+, that of the bytes here is /,
        ) as string;
        expect([exitCode, lines]).toEqual([1, [line]]);
        expect(await readFile(join(place.work, 'here'), 'utf8')).toBe('before');
        expect([await journals(), await readdir(place.work)]).toEqual([[], ['here']]);
      },
    );

    test('that goes to standard output with a changed byte: one line tells it', async () => {
      breakRequests({ operation: 'GetObject', nth: 2, fault: changed });
      const { exitCode, lines } = await cp('s3://data/large', '-');
      const line = expect.stringMatching(/^objectfs: large: its CRC32 is /) as string;
      expect([exitCode, lines]).toEqual([1, [line]]);
    });

    test('among others: it fails alone', async () => {
      for (const name of ['a', 'b', 'c']) {
        const Body = randomBytes(1000);
        await client.send(
          new PutObjectCommand({ Bucket, Key: `tree/${name}`, Body, ChecksumAlgorithm: 'SHA256' }),
        );
      }
      breakRequests({ operation: 'GetObject', key: 'tree/b', fault: changed });
      const { exitCode, lines } = await cp('-r', 's3://data/tree', 'tree');
      expect([exitCode, lines]).toEqual([1, [expect.stringMatching(/^objectfs: "b": .*SHA256/)]]);
      expect((await readdir(join(place.work, 'tree'))).sort()).toEqual(['a', 'c']);
    });
  });

  describe('of a file', () => {
    beforeEach(async () => {
      await mkdir(join(place.work, 'from'));
      await writeFile(join(place.work, 'from/large'), large);
      await writeFile(join(place.work, 'from/small'), large.subarray(0, 1000));
    });

    async function stored(Key: string): Promise<string> {
      const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }));
      return digest((await Body?.transformToByteArray()) ?? Buffer.alloc(0));
    }

    test('a byte that changes once: that part is sent again', async () => {
      breakRequests({ operation: 'UploadPart', nth: 3, fault: changedUp });
      const { summary } = await cp('from/large', 's3://data/once');
      expect(fired()).toEqual([1]);
      expect(summary).toMatchObject({ parts: 8, retries: 1, verification: { verified: true } });
      expect(await stored('once')).toBe(digest(large));
    });

    test('parts that go on changing: one request for all brings it, and is verified too', async () => {
      breakRequests({ operation: 'UploadPart', fault: changedUp });
      const { summary } = await cp('from/large', 's3://data/by-one');
      const verification = { verified: true, by: 'CRC32 FULL_OBJECT' };
      expect(summary).toMatchObject({
        parts: 1,
        verification,
        fallback: { reason: expect.any(String) as string },
      });
      expect(await stored('by-one')).toBe(digest(large));
    });

    test.each(['large', 'small'])(
      '%s: bytes that go on changing: one line, and the object of before',
      async (name) => {
        await client.send(new PutObjectCommand({ Bucket, Key: 'old', Body: 'before' }));
        breakRequests({ operation: ['UploadPart', 'PutObject'], fault: changedUp });
        const { exitCode, lines } = await cp(`from/${name}`, 's3://data/old');
        const line = expect.stringMatching(
          /^objectfs: PutObject s3:\/\/data\/old .*CRC32.*\(BadDigest\)/,
        ) as string;
        expect([exitCode, lines]).toEqual([1, [line]]);
        expect(await stored('old')).toBe(digest(Buffer.from('before')));
      },
    );
  });

  describe.each(KINDS)('of an object with a %s checksum by another program', (by, algorithm, type, mib) => {
    const Key = by.replace(' ', '-');

    beforeAll(() => sendParts(Key, algorithm, type, mib));

    test.each(['here', '-'])('it is verified by that on the way to %s', async (target) => {
      const { summary } = await cp(`s3://data/${Key}`, target, '--hedge');
      expect(summary).toMatchObject({ sizeBytes: middle.length, verification: { verified: true, by } });
      if (target === 'here') expect(await fileDigest('here')).toBe(digest(middle));
    });

    test.each(['here', '-'])(
      'bytes that go on changing on the way to %s: one line, and no file',
      async (target) => {
        breakRequests({ operation: 'GetObject', fault: changed });
        const { exitCode, lines } = await cp(`s3://data/${Key}`, target);
        const line = new RegExp(`^objectfs: ${Key}: its ${algorithm} is \\S+, that of the bytes here is `);
        expect([exitCode, lines]).toEqual([1, [expect.stringMatching(line)]]);
        expect([await journals(), await readdir(place.work)]).toEqual([[], []]);
      },
    );
  });

  describe.each([
    // All but the last could have the size of the first, but have not.
    ['that seem alike', [5, 6, 3]],
    ['that are known to differ', [8, 3, 3]],
  ])('of an object with a composite checksum of parts %s', (what, mib) => {
    const Key = what.replaceAll(' ', '-');

    beforeAll(() => sendParts(Key, 'SHA256', 'COMPOSITE', mib));

    test('the file is verified by their true sizes', async () => {
      const { summary } = await cp(`s3://data/${Key}`, 'here');
      expect(summary).toMatchObject({ verification: { verified: true, by: 'SHA256 COMPOSITE' } });
      expect(summary).not.toHaveProperty('fallback');
      expect(await fileDigest('here')).toBe(digest(middle));
    });

    test('bytes that go on changing: one line, and no file', async () => {
      breakRequests({ operation: 'GetObject', fault: changed });
      const { exitCode, lines } = await cp(`s3://data/${Key}`, 'here');
      expect([exitCode, lines]).toEqual([
        1,
        [expect.stringMatching(/its SHA256 is \S+-3, that of the bytes/)],
      ]);
      expect(await readdir(place.work)).toEqual([]);
    });

    test('standard output is verified, or it is said why not', async () => {
      const { summary } = await cp(`s3://data/${Key}`, '-');
      const reason = 'SHA256 COMPOSITE needs the sizes of all parts before the bytes leave';
      const verification =
        mib[0] === 5 ? { verified: false, reason } : { verified: true, by: 'SHA256 COMPOSITE' };
      expect(summary).toMatchObject({ verification });
    });
  });
});
