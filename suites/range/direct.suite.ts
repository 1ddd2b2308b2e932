import { buffer } from 'node:stream/consumers';
import {
  CaseList,
  defineGroup,
  equal,
  ok,
  sameBytes,
  type CaseContext,
  type Need,
} from '../../src/harness/api/index.js';
import { MIB } from '../shared/content.js';

const group = new CaseList('range', 'direct', {
  operations: ['GetObject'],
  needs: ['store'],
  timeoutMs: 30_000,
});

const SIZE = 300_001;

interface Stored {
  readonly key: string;
  readonly content: Buffer;
}

async function stored(context: CaseContext, sizeBytes: number): Promise<Stored> {
  const content = context.bytes(sizeBytes);
  const key = context.store.keyOf(context.path('object'));
  await context.store.put(key, content, { signal: context.signal });
  return { key, content };
}

/** The forms of RFC 9110 section 14.1.2 on an object of {@link SIZE} bytes: header, first byte, byte after the last. */
const satisfiable: readonly (readonly [string, string, number, number])[] = [
  ['first-byte', 'bytes=0-0', 0, 1],
  ['last-byte', `bytes=${SIZE - 1}-${SIZE - 1}`, SIZE - 1, SIZE],
  ['first-thousand', 'bytes=0-999', 0, 1000],
  ['in-the-middle', 'bytes=100000-199999', 100_000, 200_000],
  ['open-ended', 'bytes=250000-', 250_000, SIZE],
  ['open-ended-from-the-start', 'bytes=0-', 0, SIZE],
  ['open-ended-at-the-last-byte', `bytes=${SIZE - 1}-`, SIZE - 1, SIZE],
  ['suffix-of-one', 'bytes=-1', SIZE - 1, SIZE],
  ['suffix-of-1000', 'bytes=-1000', SIZE - 1000, SIZE],
  ['suffix-longer-than-the-object', 'bytes=-999999999', 0, SIZE],
  ['over-the-end', `bytes=${SIZE - 10}-${SIZE + 1000}`, SIZE - 10, SIZE],
  ['whole', `bytes=0-${SIZE - 1}`, 0, SIZE],
];
for (const [name, header, start, end] of satisfiable) {
  group.add(
    name,
    `GetObject with "Range: ${header}" answers 206 with those bytes and their Content-Range`,
    async (context) => {
      const { key, content } = await stored(context, SIZE);
      const reply = await context.store.rawGet(key, { range: header }, context.signal);
      equal(reply.status, 206, 'status');
      equal(reply.headers['content-range'], `bytes ${start}-${end - 1}/${SIZE}`, 'Content-Range');
      equal(reply.headers['content-length'], String(end - start), 'Content-Length');
      sameBytes(reply.body, content.subarray(start, end), 'body');
    },
  );
}

const refused: readonly (readonly [string, string, readonly Need[]])[] = [
  ['start-at-the-end', `bytes=${SIZE}-`, []],
  ['start-after-the-end', `bytes=${SIZE + 100}-${SIZE + 200}`, []],
  ['suffix-of-none', 'bytes=-0', ['range-suffix-of-none']],
];
for (const [name, header, needs] of refused) {
  group.add(
    `416-${name}`,
    `GetObject with "Range: ${header}" answers 416 InvalidRange`,
    async (context) => {
      const { key } = await stored(context, SIZE);
      const reply = await context.store.rawGet(key, { range: header }, context.signal);
      equal(reply.status, 416, 'status');
      ok(reply.body.toString().includes('<Code>InvalidRange</Code>'), 'the body names the code InvalidRange');
    },
    { needs },
  );
}

const ignored: readonly (readonly [string, string, readonly Need[]])[] = [
  ['unknown-unit', 'lines=0-9', []],
  ['first-after-last', 'bytes=20-10', ['range-first-after-last']],
  ['no-numbers', 'bytes=a-b', ['range-no-numbers']],
];
for (const [name, header, needs] of ignored) {
  group.add(
    `ignored-${name}`,
    `GetObject with "Range: ${header}" ignores the header and answers 200 with the whole object`,
    async (context) => {
      const { key, content } = await stored(context, 1000);
      const reply = await context.store.rawGet(key, { range: header }, context.signal);
      equal(reply.status, 200, 'status');
      sameBytes(reply.body, content, 'body');
    },
    { needs },
  );
}

group.add(
  'empty-object',
  'a range of an empty object answers 416, and the empty object itself 200',
  async (context) => {
    const { key } = await stored(context, 0);
    equal(
      (await context.store.rawGet(key, { range: 'bytes=0-0' }, context.signal)).status,
      416,
      'status of a range',
    );
    const whole = await context.store.rawGet(key, {}, context.signal);
    equal([whole.status, whole.body.length], [200, 0], 'status and length of the whole');
  },
);

group.add(
  'no-range-is-the-whole',
  'GetObject without a range answers 200 with the whole object and says that it takes ranges',
  async (context) => {
    const { key, content } = await stored(context, SIZE);
    const reply = await context.store.rawGet(key, {}, context.signal);
    equal([reply.status, reply.headers['accept-ranges']], [200, 'bytes'], 'status and Accept-Ranges');
    sameBytes(reply.body, content, 'body');
  },
);

group.add(
  'failure-of-a-bad-range',
  'a range behind the end is a failure "bad-range" of the store',
  async (context) => {
    const { key } = await stored(context, 1000);
    const outcome = await context.store.get(key, { range: { firstByte: 1000, lastByte: 1999 } }).then(
      () => 'succeeded',
      (reason: unknown) => kindOf(reason),
    );
    equal(outcome, 'bad-range', 'kind of the failure');
  },
);

group.add(
  'part-edges',
  'ranges around the edge of a part of a multipart object give the right bytes',
  async (context) => {
    const content = context.bytes(11 * MIB);
    const key = context.store.keyOf(context.path('parts'));
    const transporter = context.store.transporter('optimized', { chunkSize: 5 * MIB });
    await transporter.upload(key, { kind: 'bytes', bytes: content }, { signal: context.signal });
    for (const edge of [5 * MIB, 10 * MIB]) {
      for (const [first, last] of [
        [edge - 1, edge - 1],
        [edge, edge],
        [edge - 1, edge],
        [edge - 70_000, edge + 70_000],
        [edge + 1, edge + 4096],
      ] as const) {
        sameBytes(
          await get(context, key, first, last),
          content.subarray(first, last + 1),
          `bytes ${first}-${last}`,
        );
      }
    }
  },
);

group.add(
  'overlapping-in-parallel',
  'thirty overlapping ranges that are read at the same time are all right',
  async (context) => {
    const { key, content } = await stored(context, 2 * MIB);
    await Promise.all(
      Array.from({ length: 30 }, async (_, index) => {
        const first = index * 50_000;
        const last = Math.min(first + 500_000, content.length) - 1;
        sameBytes(
          await get(context, key, first, last),
          content.subarray(first, last + 1),
          `bytes ${first}-${last}`,
        );
      }),
    );
  },
);

group.add(
  'pinned-by-if-match',
  'a range with If-Match of a replaced object fails with 412 and gives no bytes of the new one',
  async (context) => {
    const { key } = await stored(context, SIZE);
    const { etag } = await context.store.head(key);
    await context.store.put(key, context.bytes(SIZE, 1));
    const reply = await context.store.rawGet(key, { range: 'bytes=0-9', 'if-match': etag }, context.signal);
    equal(reply.status, 412, 'status');
  },
);

async function get(context: CaseContext, key: string, firstByte: number, lastByte: number): Promise<Buffer> {
  return buffer(
    (await context.store.get(key, { range: { firstByte, lastByte }, signal: context.signal })).body,
  );
}

function kindOf(reason: unknown): string {
  return typeof reason === 'object' && reason !== null && 'kind' in reason
    ? String(reason.kind)
    : String(reason);
}

defineGroup(group);
