import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { CaseList, defineGroup, equal, sameBytes, type CaseContext } from '../../src/harness/api/index.js';
import { MIB, objectBytes, sha256, sha256OfFile } from '../shared/content.js';

const group = new CaseList('integrity', 'transporter', {
  operations: ['upload', 'download'],
  needs: ['store'],
  timeoutMs: 60_000,
});

const NAMES = ['plain', 'sdk', 'optimized'] as const;
const PART = 5 * MIB;

/** A folder on the local disk, not on the target: a transporter moves between disk and S3. */
async function onDisk(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'objectfs-integrity-'));
  try {
    await body(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function keyFor(context: CaseContext, name: string): string {
  return context.store.keyOf(context.path(name));
}

for (const name of NAMES) {
  group.add(
    `real-files-by-${name}`,
    `every real file has its SHA-256 after upload and download by the ${name} transporter`,
    async (context) => {
      const transporter = context.store.transporter(name, { chunkSize: PART });
      await onDisk(async (folder) => {
        for (const [index, fixture] of context.fixtures.entries()) {
          const key = keyFor(context, fixture.name);
          await transporter.upload(key, { kind: 'file', path: fixture.path }, { signal: context.signal });
          equal(
            sha256(await objectBytes(context.store, key, context.signal)),
            fixture.sha256,
            `SHA-256 of the object of ${fixture.name}`,
          );
          const path = join(folder, String(index));
          await transporter.download(key, { kind: 'file', path }, { signal: context.signal });
          equal(await sha256OfFile(path), fixture.sha256, `SHA-256 of ${fixture.name} after download`);
        }
      });
    },
  );

  group.add(
    `part-edges-by-${name}`,
    `objects around the edges of parts are whole by the ${name} transporter`,
    async (context) => {
      const transporter = context.store.transporter(name, { chunkSize: PART });
      await onDisk(async (folder) => {
        for (const sizeBytes of [0, 1, PART - 1, PART, PART + 1, 2 * PART, 2 * PART + 1]) {
          const content = context.bytes(sizeBytes);
          const key = keyFor(context, `edge-${sizeBytes}`);
          await transporter.upload(key, { kind: 'bytes', bytes: content }, { signal: context.signal });
          sameBytes(
            await objectBytes(context.store, key, context.signal),
            content,
            `object of ${sizeBytes} bytes`,
          );
          const path = join(folder, 'download');
          const summary = await transporter.download(key, { kind: 'file', path }, { signal: context.signal });
          equal(summary.sizeBytes, sizeBytes, 'size in the summary');
          sameBytes(await readFile(path), content, `download of ${sizeBytes} bytes`);
        }
      });
    },
  );

  group.add(
    `streams-by-${name}`,
    `streams of 11 MiB and a few bytes are whole both ways by the ${name} transporter`,
    async (context) => {
      const transporter = context.store.transporter(name, { chunkSize: PART });
      const content = context.bytes(11 * MIB + 7);
      const pieces = Array.from({ length: Math.ceil(content.length / 70_001) }, (_, index) =>
        content.subarray(index * 70_001, (index + 1) * 70_001),
      );
      const key = keyFor(context, 'stream');
      const source = { kind: 'stream', stream: Readable.from(pieces), sizeBytes: content.length } as const;
      await transporter.upload(key, source, { signal: context.signal });
      const sink = new PassThrough();
      const [seen] = await Promise.all([
        buffer(sink),
        transporter.download(key, { kind: 'stream', stream: sink }, { signal: context.signal }),
      ]);
      sameBytes(seen, content, 'content of the stream');
    },
  );
}

group.add(
  'mount-reads-multipart-object',
  'an object that was uploaded in parts is read whole through the mount',
  async (context) => {
    const content = context.bytes(12 * MIB + 3);
    const transporter = context.store.transporter('optimized', { chunkSize: PART });
    await transporter.upload(
      keyFor(context, 'parts'),
      { kind: 'bytes', bytes: content },
      { signal: context.signal },
    );
    sameBytes(await readFile(context.path('parts')), content, 'content through the mount');
  },
  { operations: ['upload', 'read'] },
);

group.add(
  'transporter-reads-mount-file',
  'a file of the mount is downloaded whole in parts',
  async (context) => {
    const content = context.bytes(12 * MIB + 3);
    await writeFile(context.path('file'), content);
    await onDisk(async (folder) => {
      const transporter = context.store.transporter('optimized', { chunkSize: PART });
      const path = join(folder, 'download');
      await transporter.download(keyFor(context, 'file'), { kind: 'file', path }, { signal: context.signal });
      sameBytes(await readFile(path), content, 'downloaded content');
    });
  },
  { operations: ['write', 'download'] },
);

group.add(
  'cancelled-upload-leaves-nothing',
  'an upload that is cancelled leaves neither an object nor an open upload',
  async (context) => {
    const key = keyFor(context, 'cancelled');
    const stop = new AbortController();
    const transporter = context.store.transporter('optimized', { chunkSize: PART, connections: 2 });
    const upload = transporter.upload(
      key,
      { kind: 'bytes', bytes: context.bytes(40 * MIB) },
      {
        signal: stop.signal,
        onProgress: () => {
          stop.abort();
        },
      },
    );
    const outcome = await upload.then(
      () => 'succeeded',
      () => 'failed',
    );
    equal(outcome, 'failed', 'outcome of the cancelled upload');
    equal((await context.store.list({ prefix: key })).objects.length, 0, 'count of objects');
    equal((await context.store.listUploads(key)).length, 0, 'count of open uploads');
  },
  { operations: ['upload'] },
);

group.add(
  'failed-download-leaves-no-file',
  'a download of a missing object fails and leaves no file',
  (context) =>
    onDisk(async (folder) => {
      const transporter = context.store.transporter('optimized');
      const outcome = await transporter
        .download(keyFor(context, 'missing'), { kind: 'file', path: join(folder, 'download') })
        .then(
          () => 'succeeded',
          () => 'failed',
        );
      equal(outcome, 'failed', 'outcome of the download');
      equal(await readdir(folder), [], 'files left');
    }),
  { operations: ['download'] },
);

defineGroup(group);
