import { copyFile, mkdir, open, readFile, readdir, rename, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { CaseList, defineGroup, equal, ok, type CaseContext } from '../../src/harness/api/index.js';
import { MIB, bytesBehind, sha256, sha256OfFile, treeLines } from '../shared/content.js';

const group = new CaseList('integrity', 'files', {
  operations: ['write', 'read'],
  needs: ['store'],
  timeoutMs: 60_000,
});

/** Copies every fixture into the case's directory; answers with the paths on the target. */
async function copyFixtures(context: CaseContext): Promise<ReadonlyMap<string, string>> {
  ok(context.fixtures.length > 0, 'there are fixtures');
  const digests = new Map<string, string>();
  for (const [index, fixture] of context.fixtures.entries()) {
    const path = context.path(`${index} ${basename(fixture.name)}`);
    await copyFile(fixture.path, path);
    digests.set(path, fixture.sha256);
  }
  return digests;
}

group.add(
  'real-files-by-the-mount',
  'every real file has its SHA-256 when it is read back through the mount',
  async (context) => {
    for (const [path, digest] of await copyFixtures(context)) {
      equal(await sha256OfFile(path), digest, `SHA-256 of ${basename(path)}`);
    }
  },
);

group.add(
  'real-files-direct-from-s3',
  'every real file that was copied onto the mount has its SHA-256 as an object',
  async (context) => {
    for (const [path, digest] of await copyFixtures(context)) {
      equal(sha256(await bytesBehind(context, path)), digest, `SHA-256 of the object of ${basename(path)}`);
    }
  },
);

group.add(
  'real-files-after-remount',
  'every real file has its SHA-256 after a remount with a cold cache',
  async (context) => {
    const digests = await copyFixtures(context);
    await context.control.remount();
    equal((await readdir(context.directory)).length, digests.size, 'count of names');
    for (const [path, digest] of digests) {
      equal(await sha256OfFile(path), digest, `SHA-256 of ${basename(path)}`);
    }
  },
  { needs: ['remount'], timeoutMs: 90_000 },
);

for (const [name, sizeBytes] of [
  ['one-byte', 1],
  ['5-mib-and-one-byte', 5 * MIB + 1],
  ['just-under-16-mib', 16 * MIB - 1],
  ['just-over-32-mib', 32 * MIB + 1],
] as const) {
  group.add(
    `generated-${name}`,
    `a generated file of ${name.replaceAll('-', ' ')} is the same direct from S3 and after a remount`,
    async (context) => {
      const content = context.bytes(sizeBytes);
      const digest = sha256(content);
      const path = context.path('generated');
      await writeFile(path, content);
      equal(sha256(await bytesBehind(context, path)), digest, 'SHA-256 direct from S3');
      await context.control.remount();
      equal(await sha256OfFile(path), digest, 'SHA-256 after remount');
    },
    { needs: ['remount'], timeoutMs: 90_000, tier: sizeBytes > 6 * MIB ? 'full' : 'quick' },
  );
}

group.add(
  'streamed-write',
  'a file that is written in pieces of 100,000 bytes is whole direct from S3',
  async (context) => {
    const content = context.bytes(20 * MIB + 12_345);
    const handle = await open(context.path('stream'), 'w');
    try {
      for (let start = 0; start < content.length; start += 100_000) {
        await handle.write(content.subarray(start, start + 100_000));
      }
    } finally {
      await handle.close();
    }
    equal(
      sha256(await bytesBehind(context, context.path('stream'))),
      sha256(content),
      'SHA-256 direct from S3',
    );
  },
);

group.add('fsync-is-in-s3', 'after fsync and before close the bytes are in S3', async (context) => {
  const content = context.bytes(300_000);
  const handle = await open(context.path('synced'), 'w');
  try {
    await handle.write(content);
    await handle.sync();
    equal(
      sha256(await bytesBehind(context, context.path('synced'))),
      sha256(content),
      'SHA-256 direct from S3',
    );
  } finally {
    await handle.close();
  }
});

group.add(
  'tree-after-remount',
  'names, modes, times and digests of a whole tree are the same after a remount',
  async (context) => {
    await mkdir(context.path('tree', 'one', 'two'), { recursive: true });
    await mkdir(context.path('tree', 'empty'), { mode: 0o750 });
    for (const [index, fixture] of context.fixtures.entries()) {
      const folder = ['tree', 'tree/one', 'tree/one/two'][index % 3] ?? 'tree';
      await copyFile(fixture.path, context.path(folder, `${index}-${basename(fixture.name)}`));
    }
    const before = await treeLines(context.path('tree'));
    await context.control.remount();
    equal(await treeLines(context.path('tree')), before, 'lines of the tree');
  },
  { needs: ['remount'], timeoutMs: 90_000 },
);

group.add(
  'directory-rename-keeps-content',
  'after the rename of a directory each file has its SHA-256, direct from S3 and after a remount',
  async (context) => {
    await mkdir(context.path('from', 'inner'), { recursive: true });
    for (const [index, fixture] of context.fixtures.entries()) {
      await copyFile(fixture.path, context.path(index % 2 === 0 ? 'from' : 'from/inner', String(index)));
    }
    await rename(context.path('from'), context.path('to'));
    const pathOf = (index: number): string =>
      context.path(index % 2 === 0 ? 'to' : 'to/inner', String(index));
    for (const [index, fixture] of context.fixtures.entries()) {
      equal(
        sha256(await bytesBehind(context, pathOf(index))),
        fixture.sha256,
        `SHA-256 of the object of ${fixture.name}`,
      );
    }
    const left = await context.store.list({ prefix: context.store.keyOf(context.path('from')) });
    equal(
      left.objects.map(({ key }) => key),
      [],
      'objects under the old name',
    );
    await context.control.remount();
    for (const [index, fixture] of context.fixtures.entries()) {
      equal(
        sha256(await readFile(pathOf(index))),
        fixture.sha256,
        `SHA-256 of ${fixture.name} after remount`,
      );
    }
  },
  { needs: ['remount'], timeoutMs: 90_000 },
);

defineGroup(group);
