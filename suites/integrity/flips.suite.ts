import { readFile, writeFile } from 'node:fs/promises';
import { PassThrough } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import {
  CaseList,
  codeOf,
  defineGroup,
  equal,
  ok,
  sameBytes,
  type CaseContext,
} from '../../src/harness/api/index.js';
import { MIB, bytesBehind } from '../shared/content.js';

// One byte that changes on its way: no checksum of TCP or TLS ends at the file, so somebody has to look.
const group = new CaseList('integrity', 'flips', {
  operations: ['upload', 'download'],
  needs: ['store', 'faults'],
  timeoutMs: 60_000,
  tier: 'full',
});

const PART = 5 * MIB;

interface Flip {
  readonly operation: string;
  readonly of: 'request' | 'reply';
}

/** One flipped byte in the first request or reply that fits; at least one has to fit, or nothing was shown. */
async function underFlip<T>(
  context: CaseContext,
  { operation, of }: Flip,
  work: () => Promise<T>,
): Promise<T> {
  await context.control.setFaults({
    seed: context.seed,
    rules: [{ operation, times: 1, fault: { kind: 'corrupt-byte', of } }],
  });
  try {
    const result = await work();
    const fired = (await context.control.faultCounts()).reduce((sum, count) => sum + count.fired, 0);
    ok(fired > 0, `a ${of} of ${operation} was changed`);
    return result;
  } finally {
    await context.control.setFaults(undefined);
  }
}

for (const [name, sizeBytes, operation] of [
  ['small', 300_000, 'PutObject'],
  ['large', 12 * MIB + 3, 'UploadPart'],
] as const) {
  group.add(
    `written-${name}`,
    `a ${name} file of which a byte changes on its way to S3 is whole there after close, or close fails`,
    async (context) => {
      const content = context.bytes(sizeBytes);
      const answer = await underFlip(context, { operation, of: 'request' }, () =>
        writeFile(context.path('file'), content).then(() => 'ok', codeOf),
      );
      if (answer === 'ok') sameBytes(await bytesBehind(context, context.path('file')), content, 'object');
      else equal(answer, 'EIO', 'errno of the write');
    },
    { operations: ['write', 'close'] },
  );

  group.add(
    `uploaded-${name}`,
    `an upload of ${sizeBytes} bytes of which a byte changes on its way is whole in S3, or fails and leaves nothing`,
    async (context) => {
      const content = context.bytes(sizeBytes);
      const key = context.store.keyOf(context.path('object'));
      const transporter = context.store.transporter('optimized', { chunkSize: PART });
      const isDone = await underFlip(context, { operation, of: 'request' }, () =>
        transporter.upload(key, { kind: 'bytes', bytes: content }, { signal: context.signal }).then(
          () => true,
          () => false,
        ),
      );
      if (isDone) sameBytes(await bytesBehind(context, context.path('object')), content, 'object');
      else equal((await context.store.list({ prefix: key })).objects.length, 0, 'objects left');
    },
  );

  group.add(
    `downloaded-${name}`,
    `a download of ${sizeBytes} bytes that is compared with the checksum of the store gives the right bytes, or fails, when a byte changes on its way`,
    async (context) => {
      const content = context.bytes(sizeBytes);
      const key = context.store.keyOf(context.path('object'));
      const transporter = context.store.transporter('optimized', { chunkSize: PART });
      await transporter.upload(key, { kind: 'bytes', bytes: content }, { signal: context.signal });
      const { checksum } = await context.store.head(key, { checksum: true });
      if (checksum === undefined) return context.skip('this server keeps no checksums');
      await underFlip(context, { operation: 'GetObject', of: 'reply' }, async () => {
        const sink = new PassThrough();
        const [seen, isDone] = await Promise.all([
          buffer(sink).catch(() => Buffer.alloc(0)),
          transporter
            .download(key, { kind: 'stream', stream: sink }, { signal: context.signal, checksum })
            .then(
              () => true,
              () => {
                sink.destroy();
                return false;
              },
            ),
        ]);
        if (isDone) sameBytes(seen, content, 'what the download gave as whole');
      });
    },
  );
}

for (const [name, sizeBytes] of [
  ['small', 300_000],
  ['large', 12 * MIB + 3],
] as const) {
  group.add(
    `read-${name}`,
    `a ${name} file of which a byte changes on its way from S3 is read right by the mount, or with EIO`,
    async (context) => {
      const content = context.bytes(sizeBytes);
      const key = context.store.keyOf(context.path('object'));
      await context.store.transporter('optimized').upload(key, { kind: 'bytes', bytes: content });
      const { checksum } = await context.store.head(key, { checksum: true });
      if (checksum === undefined) return context.skip('this server keeps no checksums');
      await underFlip(context, { operation: 'GetObject', of: 'reply' }, async () => {
        const answer = await readFile(context.path('object')).catch(codeOf);
        if (Buffer.isBuffer(answer)) sameBytes(answer, content, 'content');
        else equal(answer, 'EIO', 'errno of the read');
      });
      sameBytes(await readFile(context.path('object')), content, 'content when nothing changes any more');
    },
    { operations: ['read'], needs: ['verified-reads'] },
  );
}

defineGroup(group);
