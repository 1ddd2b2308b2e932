import {
  appendFile,
  chmod,
  chown,
  lstat,
  mkdir,
  readFile,
  readdir,
  readlink,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { CaseList, codeOf, defineGroup, equal, sameBytes } from '../../src/harness/api/index.js';
import type { CaseContext, Need, OtherClient, Tier } from '../../src/harness/api/index.js';
import { MIB } from '../shared/content.js';
import { PASSES, back, passOn, type Pass } from '../shared/passes.js';
import { linesFor, linesOf, pathOf, sizeOf, writeTree, type Contents } from '../shared/tree.js';

// Programs of others read what the mount wrote, and the reverse.
const group = new CaseList('integrity', 'other-clients', {
  operations: ['read', 'write'],
  needs: ['store', 'remount'],
  timeoutMs: 120_000,
  tier: 'full',
});

interface Shape {
  readonly name: string;
  readonly says: string;
  readonly sizesBytes: readonly number[];
  readonly seededFiles: number;
  readonly tier: Tier;
  readonly passes: readonly Pass['name'][];
}

/** The least part of S3 and of rclone, and one that streams have in several parts. */
const EDGES_BYTES = [5 * MIB - 1, 5 * MIB, 5 * MIB + 1, 33 * MIB];

const SHAPES: readonly Shape[] = [
  {
    name: 'few-files',
    says: 'a few small files in nested directories',
    sizesBytes: [0, 1],
    seededFiles: 3,
    tier: 'quick',
    passes: ['reads'],
  },
  {
    name: 'tree',
    says: 'a seeded tree with files of 0 and 1 bytes, around 5 MiB, and of 33 MiB',
    sizesBytes: [0, 1, ...EDGES_BYTES],
    seededFiles: 18,
    tier: 'full',
    passes: ['reads', 'writes'],
  },
];

const MOST_DEPTH = 6;
const MOST_SEEDED_BYTES = 200_000;

function contentsOf(context: CaseContext, { sizesBytes, seededFiles }: Shape): Contents {
  const seeded = Array.from({ length: seededFiles }, (_, index) =>
    sizeOf(context, 1 + index, MOST_SEEDED_BYTES),
  );
  return new Map(
    [...sizesBytes, ...seeded].map((sizeBytes, index) => [
      pathOf(context, index, MOST_DEPTH),
      context.bytes(sizeBytes, index),
    ]),
  );
}

for (const shape of SHAPES) {
  for (const pass of PASSES.filter(({ name }) => shape.passes.includes(name))) {
    group.add(
      `${pass.client}-${pass.name}-${shape.name}`,
      `${shape.says}, that ${pass.writer} wrote, has the same names, sizes and SHA-256 at ${pass.reader}`,
      async (context) => {
        const contents = contentsOf(context, shape);
        const expected = linesFor(contents);
        const seen = await linesOf(
          await passOn(context, pass, (directory) => writeTree(directory, contents)),
        );
        for (const line of expected) equal(seen.includes(line), true, `${line} at ${pass.reader}`);
        equal(seen, expected, `tree at ${pass.reader}`);
      },
      { needs: [pass.need], operations: ['read', 'write', 'mkdir', 'readdir'], tier: shape.tier },
    );
  }
}

/** Something that an object tells beside its bytes, in a dialect that both sides document. */
interface Fact {
  readonly name: string;
  readonly says: string;
  readonly clients: readonly OtherClient[];
  readonly needs?: readonly Need[];
  readonly operation: string;
  readonly make: (directory: string, context: CaseContext) => Promise<unknown>;
  /** What the reader says of it. */
  readonly tell: (directory: string) => Promise<unknown>;
  readonly expected: unknown;
}

const NS_PER_SECOND = 1_000_000_000n;
const MTIME_NS = 1_234_567_890_987_654_321n;

const modeFacts = [0o400, 0o644, 0o4755].map((mode): Fact => ({
  name: `mode-${mode.toString(8)}`,
  says: `mode ${mode.toString(8)} of a file`,
  clients: ['s3fs'],
  needs: ['chown'], // who has no owner has no mode either
  operation: 'chmod',
  make: async (directory) => {
    await writeFile(join(directory, 'file'), 'content');
    await chmod(join(directory, 'file'), mode);
  },
  tell: async (directory) => (await lstat(join(directory, 'file'))).mode.toString(8),
  expected: (0o100000 | mode).toString(8),
}));

const FACTS: readonly Fact[] = [
  ...modeFacts,
  {
    name: 'owner',
    says: 'owner and group of a file',
    clients: ['s3fs'],
    needs: ['root', 'chown'],
    operation: 'chown',
    make: async (directory) => {
      await writeFile(join(directory, 'file'), 'content');
      await chown(join(directory, 'file'), 1234, 5678);
    },
    tell: async (directory) => {
      const { uid, gid } = await lstat(join(directory, 'file'));
      return [uid, gid];
    },
    expected: [1234, 5678],
  },
  {
    name: 'mtime',
    says: 'the second of the mtime of a file', // s3fs documents no precision
    clients: ['s3fs'],
    operation: 'utimens',
    make: setMtime,
    tell: async (directory) => (await mtimeNsOf(directory)) / NS_PER_SECOND,
    expected: MTIME_NS / NS_PER_SECOND,
  },
  {
    name: 'mtime-to-the-nanosecond',
    says: 'the mtime of a file to the nanosecond',
    clients: ['rclone'],
    operation: 'utimens',
    make: setMtime,
    tell: mtimeNsOf,
    expected: MTIME_NS,
  },
  {
    name: 'empty-directory',
    says: 'an empty directory and its mode 2750',
    clients: ['s3fs'],
    needs: ['chown'],
    operation: 'mkdir',
    make: async (directory) => {
      await mkdir(join(directory, 'empty'));
      await chmod(join(directory, 'empty'), 0o2750);
    },
    tell: async (directory) => {
      const { mode } = await lstat(join(directory, 'empty'));
      return [mode.toString(8), await readdir(join(directory, 'empty'))];
    },
    expected: ['42750', []],
  },
  {
    name: 'symlink',
    says: 'a symbolic link and its target text',
    clients: ['s3fs'],
    needs: ['symlink'],
    operation: 'symlink',
    make: (directory) => symlink('../some/Grüße target', join(directory, 'link')),
    tell: (directory) => readlink(join(directory, 'link')),
    expected: '../some/Grüße target',
  },
];

async function setMtime(directory: string, { sys }: CaseContext): Promise<void> {
  await writeFile(join(directory, 'file'), 'content');
  sys.utimensat(join(directory, 'file'), { ns: MTIME_NS }, { ns: MTIME_NS });
}

async function mtimeNsOf(directory: string): Promise<bigint> {
  return (await lstat(join(directory, 'file'), { bigint: true })).mtimeNs;
}

for (const { name, says, clients, needs = [], operation, make, tell, expected } of FACTS) {
  for (const pass of PASSES.filter(({ client }) => clients.includes(client))) {
    group.add(
      `${pass.client}-${pass.name}-${name}`,
      `${says} that ${pass.writer} set is told by ${pass.reader}`,
      async (context) => {
        const directory = await passOn(context, pass, (at) => make(at, context));
        equal(await tell(directory), expected, `${says} at ${pass.reader}`);
      },
      { needs: [pass.need, ...needs], operations: [operation, 'stat'] },
    );
  }
}

interface Change {
  readonly name: string;
  readonly says: string;
  readonly operation: string;
  readonly change: (path: string, bytes: Buffer) => Promise<unknown>;
  /** Absent: the file is gone. */
  readonly after?: (before: Buffer, bytes: Buffer) => Buffer;
}

const CHANGES: readonly Change[] = [
  {
    name: 'overwrite',
    says: 'overwritten',
    operation: 'write',
    change: (path, bytes) => writeFile(path, bytes),
    after: (_before, bytes) => bytes,
  },
  {
    name: 'append',
    says: 'appended to',
    operation: 'write',
    change: (path, bytes) => appendFile(path, bytes),
    after: (before, bytes) => Buffer.concat([before, bytes]),
  },
  { name: 'delete', says: 'deleted', operation: 'unlink', change: (path) => rm(path) },
];

for (const { name, says, operation, change, after } of CHANGES) {
  for (const pass of PASSES) {
    group.add(
      `${pass.client}-${pass.name}-${name}`,
      `a file that ${pass.reader} wrote and ${pass.writer} has ${says} is so at ${pass.reader}`,
      async (context) => {
        const [before, bytes] = [context.bytes(70_001), context.bytes(30_003, 1)];
        const there = await passOn(context, back(pass), async (directory) => {
          await writeFile(join(directory, 'file'), before);
          await writeFile(join(directory, 'beside'), 'stays');
        });
        sameBytes(await readFile(join(there, 'file')), before, `content at ${pass.writer}`);
        const directory = await passOn(context, pass, (at) => change(join(at, 'file'), bytes));
        equal(await readFile(join(directory, 'beside'), 'utf8'), 'stays', 'content of the file beside');
        const expected = after?.(before, bytes);
        const seen = await contentOf(join(directory, 'file'));
        if (expected === undefined || seen === undefined)
          equal(seen?.length, expected?.length, `size of the file at ${pass.reader}`);
        else sameBytes(seen, expected, `content at ${pass.reader}`);
      },
      { needs: [pass.need], operations: [operation, 'read'] },
    );
  }
}

/** Undefined where there is no such file, and no listing has it. */
async function contentOf(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (reason) {
    if (codeOf(reason) !== 'ENOENT') throw reason;
    equal((await readdir(dirname(path))).toSorted(), ['beside'], 'names without the file');
    return undefined;
  }
}

defineGroup(group);
