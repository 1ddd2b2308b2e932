import { open, type FileHandle } from 'node:fs/promises';
import {
  CaseList,
  codeOf,
  defineGroup,
  equal,
  ok,
  sameBytes,
  type CaseContext,
} from '../../src/harness/api/index.js';
import { MIB } from '../shared/content.js';

const group = new CaseList('range', 'cursors', {
  operations: ['read'],
  needs: ['store'],
  timeoutMs: 60_000,
  tier: 'full',
});

const SIZE = 8 * MIB + 123;
const PIECE = 50_001;

/** An object that the mount has never seen: each read must fetch. */
async function coldObject(context: CaseContext, salt?: number): Promise<Buffer> {
  const content = context.bytes(SIZE, salt);
  await context.store.put(context.store.keyOf(context.path('object')), content, { signal: context.signal });
  return content;
}

async function withHandles(
  context: CaseContext,
  count: number,
  body: (handles: readonly FileHandle[]) => Promise<void>,
): Promise<void> {
  const handles: FileHandle[] = [];
  try {
    for (let index = 0; index < count; index += 1) handles.push(await open(context.path('object'), 'r'));
    await body(handles);
  } finally {
    await Promise.all(handles.map((handle) => handle.close()));
  }
}

async function readAt(handle: FileHandle, at: number, length = PIECE): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  const { bytesRead } = await handle.read(bytes, 0, length, at);
  return bytes.subarray(0, bytesRead);
}

async function expectAt(handle: FileHandle, content: Buffer, at: number, length = PIECE): Promise<void> {
  sameBytes(await readAt(handle, at, length), content.subarray(at, at + length), `${length} bytes at ${at}`);
}

/** Jumps after a run of reads in order, which a read-ahead follows: within its window, at its end, far out, back. */
const jumps: readonly (readonly [string, number])[] = [
  ['a-little-forward', 10_000],
  ['within-the-window', 200_000],
  ['out-of-the-window', 5 * MIB],
  ['back-a-little', -10_000],
  ['back-to-the-start', -6 * PIECE],
];
for (const [name, jump] of jumps) {
  group.add(
    `jump-${name}`,
    `reads in order, a jump ${name.replaceAll('-', ' ')}, and reads in order from there are right, round after round`,
    async (context) => {
      const content = await coldObject(context);
      await withHandles(context, 1, async ([handle]) => {
        if (handle === undefined) return;
        for (let round = 0, at = 0; round < 6; round += 1, at = (at + jump + SIZE) % SIZE) {
          for (let piece = 0; piece < 6; piece += 1, at += PIECE) await expectAt(handle, content, at);
        }
      });
    },
  );
}

for (const stride of [4096, 131_072, 131_073, MIB + 1]) {
  group.add(
    `stride-${stride}`,
    `short reads in steps of ${stride} bytes are right, forwards and backwards`,
    async (context) => {
      const content = await coldObject(context);
      const count = Math.min(60, Math.floor(SIZE / stride));
      await withHandles(context, 1, async ([handle]) => {
        if (handle === undefined) return;
        const places = Array.from({ length: count }, (_, index) => index * stride);
        for (const at of [...places, ...places.toReversed()]) await expectAt(handle, content, at, 1001);
      });
    },
  );
}

for (const shared of [true, false]) {
  group.add(
    `cursors-of-${shared ? 'one-descriptor' : 'several-descriptors'}`,
    `four cursors that read in order, in turn and at once, by ${shared ? 'one descriptor' : 'descriptors of their own'}, are right`,
    async (context) => {
      const content = await coldObject(context);
      await withHandles(context, shared ? 1 : 4, async (handles) => {
        const cursors = [0, 2 * MIB, 4 * MIB + 1, 6 * MIB - 1];
        for (let step = 0; step < 20; step += 1) {
          await Promise.all(
            cursors.map(async (start, index) => {
              const handle = handles[shared ? 0 : index];
              if (handle !== undefined) await expectAt(handle, content, start + step * PIECE);
            }),
          );
        }
      });
    },
  );
}

group.add(
  'end-of-file',
  'reads before, over, at and behind the end give what there is, by many cursors at once',
  async (context) => {
    const content = await coldObject(context);
    await withHandles(context, 3, async (handles) => {
      const places = [SIZE - 4097, SIZE - 4096, SIZE - 2, SIZE - 1, SIZE, SIZE + 1, SIZE + MIB];
      await Promise.all(handles.flatMap((handle) => places.map((at) => expectAt(handle, content, at, 8192))));
      equal((await readAt(handles[0] ?? fail(), SIZE, 1)).length, 0, 'bytes at the end');
    });
  },
);

group.add(
  'replaced-under-several-cursors',
  'cursors of one descriptor over an object that is replaced meanwhile give old bytes or an error, each of them',
  async (context) => {
    const old = await coldObject(context);
    await withHandles(context, 1, async ([handle]) => {
      if (handle === undefined) return;
      await expectAt(handle, old, 0);
      await coldObject(context, 1);
      const seen = { old: 0, refused: 0 };
      for (let step = 0; step < 12; step += 1) {
        for (const start of [0, 3 * MIB, 6 * MIB]) {
          const at = start + step * PIECE;
          const answer = await readAt(handle, at).catch(codeOf);
          if (Buffer.isBuffer(answer)) {
            ok(answer.length > 0, `there are bytes at ${at}`);
            sameBytes(answer, old.subarray(at, at + answer.length), `bytes at ${at} of the old version`);
            seen.old += 1;
          } else {
            ok(answer === 'ESTALE' || answer === 'EIO', `${String(answer)} is ESTALE or EIO`);
            seen.refused += 1;
          }
        }
      }
      equal(seen.old + seen.refused, 36, 'reads that were judged');
    });
    const again = await open(context.path('object'), 'r');
    await again.close();
  },
);

function fail(): never {
  throw new Error('there is no handle');
}

defineGroup(group);
