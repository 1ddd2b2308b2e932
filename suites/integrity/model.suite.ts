import { open, readFile, truncate, writeFile } from 'node:fs/promises';
import { CaseList, defineGroup, sameBytes, type CaseContext } from '../../src/harness/api/index.js';
import { MIB, bytesBehind } from '../shared/content.js';

const group = new CaseList('integrity', 'model', {
  operations: ['write', 'truncate', 'read'],
  needs: ['store', 'remount'],
  timeoutMs: 90_000,
  tier: 'full',
});

/** A file and a model of it in memory, changed together. */
class ModelledFile {
  content: Buffer;
  readonly path: string;

  constructor(path: string, content: Buffer) {
    this.path = path;
    this.content = content;
  }

  async patch(offset: number, bytes: Buffer): Promise<void> {
    const handle = await open(this.path, 'r+');
    try {
      await handle.write(bytes, 0, bytes.length, offset);
    } finally {
      await handle.close();
    }
    const gap = Math.max(0, offset + bytes.length - this.content.length);
    this.content = Buffer.concat([this.content, Buffer.alloc(gap)]);
    bytes.copy(this.content, offset);
  }

  async resize(sizeBytes: number): Promise<void> {
    await truncate(this.path, sizeBytes);
    const kept = this.content.subarray(0, sizeBytes);
    this.content = Buffer.concat([kept, Buffer.alloc(sizeBytes - kept.length)]);
  }
}

async function modelled(context: CaseContext, sizeBytes: number): Promise<ModelledFile> {
  const content = context.bytes(sizeBytes);
  const path = context.path('file');
  await writeFile(path, content);
  return new ModelledFile(path, Buffer.from(content));
}

/** The three places where content can be wrong: the mount's memory, S3, and what a cold mount makes of S3. */
async function compare(context: CaseContext, file: ModelledFile): Promise<void> {
  sameBytes(await readFile(file.path), file.content, 'content by the mount');
  sameBytes(await bytesBehind(context, file.path), file.content, 'content direct from S3');
  await context.control.remount();
  sameBytes(await readFile(file.path), file.content, 'content after remount');
}

group.add(
  'overwritten-whole',
  'a file that is overwritten with other lengths has just the last content',
  async (context) => {
    const file = await modelled(context, 3 * MIB);
    for (const [round, sizeBytes] of [2 * MIB, 7 * MIB + 3, 10].entries()) {
      const content = context.bytes(sizeBytes, round + 1);
      await writeFile(file.path, content);
      file.content = content;
    }
    await compare(context, file);
  },
);

group.add('appended', 'a file that grew by twenty appends has all of them in order', async (context) => {
  const file = await modelled(context, 100_000);
  for (let round = 1; round <= 20; round += 1) {
    await file.patch(file.content.length, context.bytes(33_333, round));
  }
  await compare(context, file);
});

for (const [name, edge] of [
  ['5-mib', 5 * MIB],
  ['16-mib', 16 * MIB],
] as const) {
  group.add(
    `patched-around-${name}`,
    `writes one before, at, after and across the edge of ${name.replace('-', ' ')} change just those bytes`,
    async (context) => {
      const file = await modelled(context, edge + MIB);
      const offsets = [0, edge - 1, edge, edge + 1, edge - 70_000, edge + MIB - 1];
      for (const [round, offset] of offsets.entries())
        await file.patch(offset, context.bytes(1 + round * 20_000, round + 1));
      await compare(context, file);
    },
  );
}

group.add(
  'truncated-around-5-mib',
  'a file that was cut and grown around the edge of 5 MiB has zeros where it grew',
  async (context) => {
    const file = await modelled(context, 6 * MIB);
    for (const sizeBytes of [5 * MIB + 1, 5 * MIB, 5 * MIB - 1, 5 * MIB + 100, 12_345, 2 * MIB])
      await file.resize(sizeBytes);
    await compare(context, file);
  },
);

for (const [name, edge] of [
  ['4-kib', 4096],
  ['128-kib', 128 * 1024],
  ['1-mib', MIB],
] as const) {
  group.add(
    `truncated-around-${name}`,
    `a file that was cut and grown one before, at and after ${name.replace('-', ' ')} has zeros where it grew`,
    async (context) => {
      const file = await modelled(context, 2 * edge + 1);
      for (const sizeBytes of [edge + 1, edge, edge - 1, edge + 1, 2 * edge, edge - 1, 2 * edge + 1, edge])
        await file.resize(sizeBytes);
      await compare(context, file);
    },
  );
}

group.add(
  'mapped',
  'what msync of a shared mapping has acknowledged is on S3 before the file is closed, and in a cold mount',
  async (context) => {
    const file = await modelled(context, 300_000);
    const bytes = context.bytes(100_000, 1);
    const handle = await open(file.path, 'r+');
    try {
      context.sys.writeMapped(handle.fd, 100_001, bytes);
      bytes.copy(file.content, 100_001);
      sameBytes(await bytesBehind(context, file.path), file.content, 'content direct from S3 after msync');
    } finally {
      await handle.close();
    }
    await compare(context, file);
  },
  { needs: ['mmap'], operations: ['mmap', 'msync'] },
);

group.add(
  'written-far-past-the-end',
  'a write at 8 MiB of a small file leaves zeros between',
  async (context) => {
    const file = await modelled(context, 10);
    await file.patch(8 * MIB, context.bytes(1000, 1));
    await compare(context, file);
  },
);

group.add(
  'random-operations',
  'sixty seeded writes and truncations give what the model says',
  async (context) => {
    const file = await modelled(context, 500_000);
    for (let round = 1; round <= 60; round += 1) {
      const size = file.content.length;
      if (context.random() < 0.2) await file.resize(Math.floor(context.random() * 1_500_000));
      else
        await file.patch(
          Math.floor(context.random() * (size + 50_000)),
          context.bytes(1 + Math.floor(context.random() * 100_000), round),
        );
      if (round % 15 === 0)
        sameBytes(await readFile(file.path), file.content, `content after operation ${round}`);
    }
    await compare(context, file);
  },
);

group.add(
  'cold-edit',
  'a write into a file that the mount has not read yet changes just those bytes',
  async (context) => {
    const file = await modelled(context, 9 * MIB);
    await context.control.remount();
    await file.patch(4 * MIB, context.bytes(50_000, 1));
    await context.control.remount();
    await file.resize(7 * MIB);
    await compare(context, file);
  },
);

defineGroup(group);
