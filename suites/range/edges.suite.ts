import {
  CaseList,
  defineGroup,
  equal,
  ok,
  sameBytes,
  type CaseContext,
} from '../../src/harness/api/index.js';
import { MIB } from '../shared/content.js';

const group = new CaseList('range', 'edges', {
  operations: ['GetObject'],
  needs: ['store'],
  timeoutMs: 60_000,
  tier: 'full',
});

const SIZE = 300_001;
/** A page, a FUSE request, a block of a cache, and the size of the object. */
const EDGES = [4096, 131_072, 262_144, SIZE];

async function stored(
  context: CaseContext,
  sizeBytes: number,
): Promise<{ readonly key: string; readonly content: Buffer }> {
  const content = context.bytes(sizeBytes);
  const key = context.store.keyOf(context.path('object'));
  await context.store.put(key, content, { signal: context.signal });
  return { key, content };
}

/** What a byte range selects (RFC 9110 section 14.1.2); nothing is 416. */
function expected(
  first: number | undefined,
  last: number | undefined,
): readonly [number, number] | undefined {
  if (first === undefined)
    return last === undefined || last === 0 ? undefined : [Math.max(0, SIZE - last), SIZE];
  return first >= SIZE ? undefined : [first, Math.min(SIZE, (last ?? SIZE) + 1)];
}

for (const edge of EDGES) {
  group.add(
    `around-${edge}`,
    `ranges that begin, end, are open or a suffix one before, at and after ${edge} give those bytes, or 416 where there are none`,
    async (context) => {
      const { key, content } = await stored(context, SIZE);
      const near = [edge - 1, edge, edge + 1];
      const forms: readonly (readonly [number | undefined, number | undefined])[] = [
        ...near.map((at) => [at, at] as const),
        ...near.map((at) => [0, at] as const),
        ...near.map((at) => [at, undefined] as const),
        ...near.map((at) => [undefined, at] as const),
        [edge - 2, edge + 2],
        [edge - 1, SIZE + 1000],
      ];
      for (const [first, last] of forms) {
        const range = `bytes=${first ?? ''}-${last ?? ''}`;
        const reply = await context.store.rawGet(key, { range }, context.signal);
        const wanted = expected(first, last);
        if (wanted === undefined) {
          equal(reply.status, 416, `status of ${range}`);
          equal(
            reply.headers['content-range'] ?? `bytes */${SIZE}`,
            `bytes */${SIZE}`,
            `Content-Range of ${range}`,
          );
          continue;
        }
        equal(reply.status, 206, `status of ${range}`);
        equal(
          reply.headers['content-range'],
          `bytes ${wanted[0]}-${wanted[1] - 1}/${SIZE}`,
          `Content-Range of ${range}`,
        );
        sameBytes(reply.body, content.subarray(...wanted), `body of ${range}`);
      }
    },
  );
}

group.add(
  'several-ranges',
  'GetObject with several ranges ignores the header and answers 200 with the whole object, as S3 does',
  async (context) => {
    const { key, content } = await stored(context, SIZE);
    for (const range of ['bytes=0-0,10-19', 'bytes=0-9, 100-', 'bytes=-1,0-0', 'bytes=0-9,10-19,20-29']) {
      const reply = await context.store.rawGet(key, { range }, context.signal);
      equal(
        [reply.status, reply.headers['content-range']],
        [200, undefined],
        `status and Content-Range of ${range}`,
      );
      sameBytes(reply.body, content, `body of ${range}`);
    }
  },
  { needs: ['range-several'], tier: 'quick' },
);

group.add(
  'if-range',
  'a range with If-Range of the present version gives its bytes, of another one the whole new object, never a mix',
  async (context) => {
    const { key, content } = await stored(context, SIZE);
    const whole = await context.store.rawGet(key, {}, context.signal);
    const [etag, date] = [whole.headers.etag ?? '', whole.headers['last-modified'] ?? ''];
    const range = 'bytes=1000-1999';
    for (const present of [etag, date]) {
      const reply = await context.store.rawGet(key, { range, 'if-range': present }, context.signal);
      equal(reply.status, 206, `status with ${present}`);
      sameBytes(reply.body, content.subarray(1000, 2000), `body with ${present}`);
    }
    const replaced = context.bytes(SIZE + 10, 1);
    await context.store.put(key, replaced, { signal: context.signal });
    for (const other of [etag, `W/${etag}`, new Date(0).toUTCString()]) {
      const reply = await context.store.rawGet(key, { range, 'if-range': other }, context.signal);
      equal(reply.status, 200, `status with ${other}`);
      sameBytes(reply.body, replaced, `body with ${other}`);
    }
    const behind = await context.store.rawGet(
      key,
      { range: `bytes=${SIZE + 10}-`, 'if-range': etag },
      context.signal,
    );
    equal(behind.status, 200, 'status of a range that nothing satisfies, of another version');
  },
  { needs: ['range-if-range'], tier: 'quick' },
);

group.add(
  'conditions-first',
  'If-Match and If-None-Match are asked before a range is looked at: 412 and 304, also where the range is 416',
  async (context) => {
    const { key } = await stored(context, 1000);
    const { etag } = await context.store.head(key);
    for (const range of ['bytes=0-9', 'bytes=1000-']) {
      const none = await context.store.rawGet(key, { range, 'if-none-match': etag }, context.signal);
      equal([none.status, none.body.length], [304, 0], `If-None-Match with ${range}`);
      const match = await context.store.rawGet(key, { range, 'if-match': '"0123"' }, context.signal);
      equal(match.status, 412, `If-Match with ${range}`);
    }
  },
);

group.add(
  'parts-in-parallel',
  'sixty ranges around the edges of parts, overlapping and at the same time, are all right',
  async (context) => {
    const content = context.bytes(11 * MIB);
    const key = context.store.keyOf(context.path('parts'));
    const transporter = context.store.transporter('optimized', { chunkSize: 5 * MIB });
    await transporter.upload(key, { kind: 'bytes', bytes: content }, { signal: context.signal });
    const wishes = Array.from({ length: 60 }, (_, index) => {
      const edge = (1 + (index % 2)) * 5 * MIB;
      const first = edge - Math.floor(context.random() * 200_000) - 1;
      return [first, edge + Math.floor(context.random() * 200_000)] as const;
    });
    const take = async (): Promise<void> => {
      for (let wish = wishes.pop(); wish !== undefined; wish = wishes.pop()) {
        const [first, last] = wish;
        const reply = await context.store.rawGet(key, { range: `bytes=${first}-${last}` }, context.signal);
        ok(reply.status === 206, `the status of ${first}-${last} is 206, not ${reply.status}`);
        sameBytes(reply.body, content.subarray(first, last + 1), `bytes ${first}-${last}`);
      }
    };
    await Promise.all(Array.from({ length: 12 }, take));
  },
);

defineGroup(group);
