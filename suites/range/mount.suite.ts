import { open, readFile, type FileHandle } from 'node:fs/promises';
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

const group = new CaseList('range', 'mount', { operations: ['read'], needs: ['store'], timeoutMs: 60_000 });

/** An object that the mount has never seen: each read must fetch. */
async function coldObject(context: CaseContext, sizeBytes: number): Promise<Buffer> {
  const content = context.bytes(sizeBytes);
  await context.store.put(context.store.keyOf(context.path('object')), content, { signal: context.signal });
  return content;
}

async function withObject(context: CaseContext, body: (handle: FileHandle) => Promise<void>): Promise<void> {
  const handle = await open(context.path('object'), 'r');
  try {
    await body(handle);
  } finally {
    await handle.close();
  }
}

async function expectBytes(
  handle: FileHandle,
  content: Buffer,
  start: number,
  length: number,
): Promise<void> {
  const bytes = Buffer.alloc(length);
  const { bytesRead } = await handle.read(bytes, 0, length, start);
  sameBytes(
    bytes.subarray(0, bytesRead),
    content.subarray(start, start + length),
    `${length} bytes at ${start}`,
  );
}

for (const [name, start, length] of [
  ['first-byte', 0, 1],
  ['last-byte', 3 * MIB - 1, 1],
  ['over-the-end', 3 * MIB - 100, 1000],
  ['at-the-end', 3 * MIB, 10],
  ['behind-the-end', 4 * MIB, 10],
  ['in-the-middle', MIB + 12_345, 200_000],
] as const) {
  group.add(
    name,
    `a read of ${length} bytes at ${start} of a cold object of 3 MiB gives what is there`,
    async (context) => {
      const content = await coldObject(context, 3 * MIB);
      await withObject(context, (handle) => expectBytes(handle, content, start, length));
    },
  );
}

group.add('empty-object', 'a read of an empty object gives no bytes', async (context) => {
  await coldObject(context, 0);
  equal((await readFile(context.path('object'))).length, 0, 'bytes read');
});

for (const [name, edge] of [
  ['4-kib', 4096],
  ['128-kib', 131_072],
  ['1-mib', MIB],
  ['5-mib', 5 * MIB],
  ['8-mib', 8 * MIB],
  ['16-mib', 16 * MIB],
] as const) {
  group.add(
    `edge-${name}`,
    `reads one before, at, after and across ${name.replace('-', ' ')} of a cold object are right`,
    async (context) => {
      const content = await coldObject(context, edge + 10_000);
      await withObject(context, async (handle) => {
        for (const [start, length] of [
          [edge - 1, 1],
          [edge, 1],
          [edge + 1, 1],
          [edge - 1, 2],
          [edge - 3000, 6001],
        ] as const) {
          await expectBytes(handle, content, start, length);
        }
      });
    },
  );
}

const SEEK_SIZE = 6 * MIB;
const patterns: readonly (readonly [string, (context: CaseContext) => readonly number[]])[] = [
  ['backwards', () => Array.from({ length: 60 }, (_, index) => SEEK_SIZE - (index + 1) * 100_000)],
  ['every-other-block', () => Array.from({ length: 24 }, (_, index) => index * 2 * 131_072)],
  [
    'zigzag',
    () =>
      Array.from({ length: 40 }, (_, index) =>
        index % 2 === 0 ? index * 100_000 : SEEK_SIZE - index * 100_000,
      ),
  ],
  ['random', (context) => Array.from({ length: 80 }, () => Math.floor(context.random() * SEEK_SIZE))],
  ['end-then-start', () => [SEEK_SIZE - 1000, 0, SEEK_SIZE - 2000, 1000, SEEK_SIZE / 2]],
];
for (const [name, offsets] of patterns) {
  group.add(
    `seek-${name}`,
    `reads of a cold object in the pattern "${name.replaceAll('-', ' ')}" are right`,
    async (context) => {
      const content = await coldObject(context, SEEK_SIZE);
      await withObject(context, async (handle) => {
        for (const offset of offsets(context)) await expectBytes(handle, content, offset, 65_537);
      });
    },
  );
}

group.add(
  'overlapping-in-parallel',
  'twenty overlapping reads at the same time, by three descriptors, are right',
  async (context) => {
    const content = await coldObject(context, 4 * MIB);
    const handles = await Promise.all([1, 2, 3].map(() => open(context.path('object'), 'r')));
    try {
      await Promise.all(
        Array.from({ length: 20 }, async (_, index) => {
          const handle = handles[index % handles.length];
          if (handle !== undefined) await expectBytes(handle, content, index * 150_000, 400_000);
        }),
      );
    } finally {
      await Promise.all(handles.map((handle) => handle.close()));
    }
  },
);

group.add(
  'whole-after-pieces',
  'an object that was read in pieces is the same when it is read whole',
  async (context) => {
    const content = await coldObject(context, 3 * MIB + 17);
    await withObject(context, async (handle) => {
      for (const start of [2 * MIB, 17, MIB]) await expectBytes(handle, content, start, 300_000);
    });
    sameBytes(await readFile(context.path('object')), content, 'whole content');
  },
);

group.add(
  'replaced-in-the-middle-is-never-a-mix',
  'an object that is replaced while it is read gives old bytes or an error, never a mix',
  async (context) => {
    const old = await coldObject(context, 12 * MIB);
    await withObject(context, async (handle) => {
      await expectBytes(handle, old, 0, 100_000);
      await context.store.put(context.store.keyOf(context.path('object')), context.bytes(12 * MIB, 1));
      for (let start = 0; start < old.length;) {
        const bytes = Buffer.alloc(MIB);
        try {
          const { bytesRead } = await handle.read(bytes, 0, MIB, start);
          // A read may be short before an error (read(2)); an early end would be the new version's length.
          ok(bytesRead > 0, `there are bytes at ${start} of ${old.length}`);
          const expected = old.subarray(start, start + bytesRead);
          sameBytes(bytes.subarray(0, bytesRead), expected, `bytes at ${start} of the old version`);
          start += bytesRead;
        } catch (reason) {
          const code = codeOf(reason);
          if (code === undefined) throw reason;
          ok(['ESTALE', 'EIO'].includes(code), `${code} is ESTALE or EIO`);
          return;
        }
      }
    });
  },
);

group.add(
  'replaced-with-a-shorter-object',
  'an object that is replaced by a shorter one while it is read gives old bytes or an error',
  async (context) => {
    const old = await coldObject(context, 9 * MIB);
    await withObject(context, async (handle) => {
      await expectBytes(handle, old, 0, 1000);
      await context.store.put(context.store.keyOf(context.path('object')), Buffer.from('short'));
      const bytes = Buffer.alloc(1000);
      try {
        const { bytesRead } = await handle.read(bytes, 0, 1000, 8 * MIB);
        sameBytes(
          bytes.subarray(0, bytesRead),
          old.subarray(8 * MIB, 8 * MIB + 1000),
          'bytes of the old version',
        );
      } catch (reason) {
        ok(['ESTALE', 'EIO'].includes(codeOf(reason) ?? ''), `${String(codeOf(reason))} is ESTALE or EIO`);
      }
    });
  },
);

group.add(
  'replaced-object-shows-whole-after-reopen',
  'after a remount the replaced object is read as the new whole',
  async (context) => {
    await coldObject(context, 2 * MIB);
    await readFile(context.path('object'));
    const replaced = context.bytes(2 * MIB, 1);
    await context.store.put(context.store.keyOf(context.path('object')), replaced);
    await context.control.remount();
    sameBytes(await readFile(context.path('object')), replaced, 'content');
  },
  { needs: ['remount'] },
);

defineGroup(group);
