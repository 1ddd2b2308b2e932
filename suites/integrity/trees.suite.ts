import { mkdir, open, rm, truncate, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { CaseList, defineGroup, equal, type CaseContext } from '../../src/harness/api/index.js';
import { bytesBehind, sha256, treeLines } from '../shared/content.js';
import { pathOf, pick, sizeOf } from '../shared/tree.js';

const group = new CaseList('integrity', 'trees', {
  operations: ['write', 'mkdir', 'read', 'readdir'],
  needs: ['store', 'remount'],
  timeoutMs: 120_000,
  tier: 'full',
});

/** Shape of a tree: all of it follows from the seed. */
interface Shape {
  readonly name: string;
  readonly files: number;
  readonly mostDepth: number;
  readonly mostBytes: number;
}

const shapes: readonly Shape[] = [
  { name: 'deep', files: 30, mostDepth: 12, mostBytes: 20_000 },
  { name: 'wide', files: 120, mostDepth: 2, mostBytes: 3000 },
  { name: 'large-and-small', files: 24, mostDepth: 4, mostBytes: 3_000_000 },
];

/** What each file has to hold. */
type Contents = Map<string, Buffer>;

async function makeTree(context: CaseContext, shape: Shape): Promise<Contents> {
  const contents: Contents = new Map();
  for (let index = 0; index < shape.files; index += 1) {
    const path = context.path(pathOf(context, index, shape.mostDepth));
    const content = context.bytes(sizeOf(context, index, shape.mostBytes), index);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
    contents.set(path, content);
  }
  return contents;
}

/** Overwrites, appends, cuts, writes in scattered places, and removes, file by file in turn. */
async function change(context: CaseContext, contents: Contents): Promise<void> {
  let index = 0;
  for (const [path, content] of [...contents]) {
    index += 1;
    const bytes = context.bytes(1 + pick(context, 10_000), 1000 + index);
    switch (index % 6) {
      case 0:
        await rm(path);
        contents.delete(path);
        break;
      case 1:
        await writeFile(path, bytes);
        contents.set(path, bytes);
        break;
      case 2:
        await writeFile(path, bytes, { flag: 'a' });
        contents.set(path, Buffer.concat([content, bytes]));
        break;
      case 3: {
        const size = pick(context, content.length + 1);
        await truncate(path, size);
        contents.set(path, content.subarray(0, size));
        break;
      }
      case 4:
        contents.set(path, await scatter(context, path, content));
        break;
      default:
    }
  }
}

async function scatter(context: CaseContext, path: string, content: Buffer): Promise<Buffer> {
  const handle = await open(path, 'r+');
  let result = Buffer.from(content);
  try {
    for (let round = 0; round < 5; round += 1) {
      const at = pick(context, result.length + 500);
      const bytes = context.bytes(1 + pick(context, 2000), 5000 + round);
      await handle.write(bytes, 0, bytes.length, at);
      const grown = Buffer.alloc(Math.max(result.length, at + bytes.length));
      result.copy(grown);
      bytes.copy(grown, at);
      result = grown;
    }
  } finally {
    await handle.close();
  }
  return result;
}

/** At three places: by the mount, straight from S3, and by the mount after a remount with a cold cache. */
async function expectEverywhere(context: CaseContext, contents: Contents, when: string): Promise<void> {
  const before = await treeLines(context.path('tree'));
  for (const [path, content] of contents) {
    const name = path.slice(context.directory.length + 1);
    equal(
      sha256(await bytesBehind(context, path)),
      sha256(content),
      `SHA-256 of the object of ${name} ${when}`,
    );
    const line = before.find((each) => `tree/${each}`.startsWith(`${name} file `));
    equal(
      line?.endsWith(` ${content.length} ${sha256(content)}`),
      true,
      `size and SHA-256 of ${name} ${when}: ${line ?? 'missing'}`,
    );
  }
  equal(before.filter((line) => line.includes(' file ')).length, contents.size, `count of files ${when}`);
  await context.control.remount();
  equal(await treeLines(context.path('tree')), before, `lines of the tree after a cold remount ${when}`);
}

for (const shape of shapes) {
  group.add(
    shape.name,
    `a seeded tree of ${shape.files} files, up to ${shape.mostDepth} deep, is the same at three places, before and after its files were changed`,
    async (context) => {
      const contents = await makeTree(context, shape);
      await expectEverywhere(context, contents, 'as it was made');
      await change(context, contents);
      await expectEverywhere(context, contents, 'as it was changed');
    },
  );
}

defineGroup(group);
