import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CaseList,
  defineGroup,
  equal,
  ok,
  sameBytes,
  type CaseContext,
} from '../../src/harness/api/index.js';
import { MIB, objectBytes } from '../shared/content.js';

const group = new CaseList('throughput', 'transfer', {
  operations: ['upload', 'download'],
  needs: ['store'],
  timeoutMs: 120_000,
});

const PART = 5 * MIB;
const SIZE = 23 * MIB + 1;
/** 23 MiB and one byte in parts of 5 MiB. */
const PARTS = 5;

async function onDisk(
  content: Buffer,
  body: (source: string, target: string) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'objectfs-throughput-'));
  try {
    await writeFile(join(folder, 'source'), content);
    await body(join(folder, 'source'), join(folder, 'target'));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function keyOf(context: CaseContext, name: string): string {
  return context.store.keyOf(context.path(name));
}

/** What the wire shows of each way to move 23 MiB + 1: requests and parts, exactly. */
const arms = [
  { name: 'plain', uploadRequests: 1, uploadParts: 1, downloadRequests: 1, downloadParts: 1 },
  { name: 'sdk', uploadRequests: PARTS + 2, uploadParts: PARTS, downloadRequests: 1, downloadParts: 1 },
  {
    name: 'optimized',
    uploadRequests: PARTS + 2,
    uploadParts: PARTS,
    downloadRequests: PARTS,
    downloadParts: PARTS,
  },
] as const;

for (const arm of arms) {
  group.add(
    `${arm.name}-moves-the-bytes`,
    `the ${arm.name} transporter uploads and downloads 23 MiB whole with the requests and parts that its way has`,
    async (context) => {
      const content = context.bytes(SIZE);
      const transporter = context.store.transporter(arm.name, { chunkSize: PART });
      await onDisk(content, async (source, target) => {
        const key = keyOf(context, arm.name);
        const up = await transporter.upload(key, { kind: 'file', path: source }, { signal: context.signal });
        sameBytes(await objectBytes(context.store, key, context.signal), content, 'object');
        equal(
          [up.sizeBytes, up.requests, up.parts, up.retries],
          [SIZE, arm.uploadRequests, arm.uploadParts, 0],
          'bytes, requests, parts and retries of the upload',
        );
        const down = await transporter.download(
          key,
          { kind: 'file', path: target },
          { signal: context.signal },
        );
        sameBytes(await readFile(target), content, 'downloaded file');
        equal(
          [down.sizeBytes, down.requests, down.parts, down.retries],
          [SIZE, arm.downloadRequests, arm.downloadParts, 0],
          'bytes, requests, parts and retries of the download',
        );
        equal(down.etag, up.etag, 'ETag');
        ok(up.fallback === undefined && down.fallback === undefined, 'no fallback was needed');
      });
    },
  );
}

for (const connections of [1, 2, 4]) {
  group.add(
    `connections-${connections}`,
    `with ${connections} connections there are never more parts in flight`,
    async (context) => {
      const content = context.bytes(SIZE);
      const transporter = context.store.transporter('optimized', { chunkSize: PART, connections });
      const key = keyOf(context, 'object');
      const up = await transporter.upload(key, { kind: 'bytes', bytes: content }, { signal: context.signal });
      equal(up.peakInFlight, connections, 'most parts in flight of the upload');
      await onDisk(Buffer.alloc(0), async (_source, target) => {
        const down = await transporter.download(
          key,
          { kind: 'file', path: target },
          { signal: context.signal },
        );
        ok(
          down.peakInFlight <= connections,
          `${down.peakInFlight} parts in flight are at most ${connections}`,
        );
        sameBytes(await readFile(target), content, 'downloaded file');
      });
    },
  );
}

for (const [chunkMib, parts] of [
  [5, 5],
  [8, 3],
  [16, 2],
  [32, 1],
] as const) {
  group.add(
    `chunk-size-${chunkMib}-mib`,
    `with parts of ${chunkMib} MiB an object of 23 MiB and one byte has ${parts} parts both ways`,
    async (context) => {
      const content = context.bytes(SIZE);
      const transporter = context.store.transporter('optimized', { chunkSize: chunkMib * MIB });
      const key = keyOf(context, 'object');
      const up = await transporter.upload(key, { kind: 'bytes', bytes: content }, { signal: context.signal });
      equal(
        [up.parts, up.requests],
        [parts, parts === 1 ? 1 : parts + 2],
        'parts and requests of the upload',
      );
      ok(parts === 1 || up.etag.endsWith(`-${parts}"`), `the ETag ${up.etag} tells ${parts} parts`);
      await onDisk(Buffer.alloc(0), async (_source, target) => {
        const down = await transporter.download(
          key,
          { kind: 'file', path: target },
          { signal: context.signal },
        );
        equal([down.parts, down.requests], [parts, parts], 'parts and requests of the download');
        sameBytes(await readFile(target), content, 'downloaded file');
      });
    },
  );
}

for (const sizeBytes of [0, 1, PART]) {
  group.add(
    `one-request-for-${sizeBytes}-bytes`,
    `an object of ${sizeBytes} bytes goes up in one request`,
    async (context) => {
      const content = context.bytes(sizeBytes);
      const transporter = context.store.transporter('optimized', { chunkSize: PART });
      const up = await transporter.upload(
        keyOf(context, 'small'),
        { kind: 'bytes', bytes: content },
        { signal: context.signal },
      );
      equal([up.requests, up.parts], [1, 1], 'requests and parts');
      sameBytes(await objectBytes(context.store, keyOf(context, 'small'), context.signal), content, 'object');
    },
  );
}

group.add(
  'level-off-is-plain',
  'with level "off" the optimized transporter sends one request each way',
  async (context) => {
    const content = context.bytes(SIZE);
    const transporter = context.store.transporter('optimized', { level: 'off', chunkSize: PART });
    const up = await transporter.upload(
      keyOf(context, 'off'),
      { kind: 'bytes', bytes: content },
      { signal: context.signal },
    );
    equal([up.requests, up.parts], [1, 1], 'requests and parts of the upload');
    await onDisk(Buffer.alloc(0), async (_source, target) => {
      const down = await transporter.download(keyOf(context, 'off'), { kind: 'file', path: target });
      equal([down.requests, down.parts], [1, 1], 'requests and parts of the download');
      sameBytes(await readFile(target), content, 'downloaded file');
    });
  },
);

group.add(
  'progress-adds-up',
  'the progress of an upload and of a download never goes back and ends at the size',
  async (context) => {
    const content = context.bytes(SIZE);
    const transporter = context.store.transporter('optimized', { chunkSize: PART });
    const seen: number[] = [];
    const onProgress = (doneBytes: number): void => void seen.push(doneBytes);
    await transporter.upload(keyOf(context, 'object'), { kind: 'bytes', bytes: content }, { onProgress });
    equal([seen.at(-1), seen.toSorted((a, b) => a - b)], [SIZE, seen], 'last value, and the values in order');
    seen.length = 0;
    await onDisk(Buffer.alloc(0), async (_source, target) => {
      await transporter.download(keyOf(context, 'object'), { kind: 'file', path: target }, { onProgress });
    });
    equal(seen.at(-1), SIZE, 'last value of the download');
  },
);

defineGroup(group);
