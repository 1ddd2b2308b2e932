import { access, appendFile, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CaseList, codeOf, defineGroup, equal, ok, sameBytes } from '../../src/harness/api/index.js';
import type { CaseContext, Tier } from '../../src/harness/api/index.js';
import { percentiles, until } from './shared/wait.js';

// Two mounts of one bucket. How late one sees what the other did is measured; that it sees no mixture is demanded.
const group = new CaseList('stress', 'two-mounts', {
  operations: ['read', 'write', 'stat', 'readdir', 'rename'],
  needs: ['store', 'second-mount'],
  timeoutMs: 60_000,
  tier: 'full',
});

const FILES = 12;
/** Later than this is not late but never. */
const FRESH_LIMIT_MS = 30_000;

interface Change {
  readonly name: string;
  readonly says: string;
  /** What the first mount does to a file that both have seen. */
  readonly change: (path: string) => Promise<unknown>;
  /** Whether the second mount sees it. */
  readonly isSeen: (path: string) => Promise<boolean>;
  /** @defaultValue `full` */
  readonly tier?: Tier;
}

const CHANGES: readonly Change[] = [
  {
    name: 'stat',
    says: 'a size that the first mount changed',
    change: (path) => appendFile(path, 'more'),
    isSeen: async (path) => (await stat(path)).size === 8,
  },
  {
    name: 'read',
    tier: 'soak',
    says: 'a content that the first mount wrote',
    change: (path) => writeFile(path, 'NEWS'),
    isSeen: async (path) => (await readFile(path, 'utf8')) === 'NEWS',
  },
  {
    name: 'new-name',
    tier: 'soak',
    says: 'a name that the first mount made',
    change: (path) => writeFile(`${path}.new`, 'new'),
    isSeen: (path) => exists(`${path}.new`),
  },
  {
    name: 'removal',
    tier: 'soak',
    says: 'that the first mount removed a file',
    change: (path) => rm(path),
    isSeen: async (path) => !(await exists(path)),
  },
  {
    name: 'listing',
    says: 'in a listing a name that the first mount made',
    change: (path) => writeFile(`${path}.new`, 'new'),
    isSeen: async (path) => (await readdir(join(path, '..'))).includes(`${path.split('/').at(-1) ?? ''}.new`),
  },
];

for (const { name, says, change, isSeen, tier = 'full' } of CHANGES) {
  group.add(
    `fresh-${name}`,
    `the second mount sees ${says}; how late is measured`,
    async (context) => {
      const second = await context.control.secondMount();
      const names = Array.from({ length: FILES }, (_, index) => `file-${index}`);
      for (const file of names) await writeFile(context.path(file), 'old!');
      await until(context, 'the files on the second mount', FRESH_LIMIT_MS, async () =>
        (await Promise.all(names.map((file) => exists(join(second, file))))).every(Boolean),
      );
      // Whatever it keeps of them, it keeps from here on.
      for (const file of names)
        equal(await readFile(join(second, file), 'utf8'), 'old!', `content of ${file}`);
      await readdir(second);
      const timesMs: number[] = [];
      await Promise.all(
        names.map(async (file) => {
          await change(context.path(file));
          const seen = (): Promise<boolean> => isSeen(join(second, file));
          timesMs.push(await until(context, `${says} (${file})`, FRESH_LIMIT_MS, seen));
        }),
      );
      context.note(`${name} fresh after ${percentiles(timesMs)}`);
    },
    { tier },
  );
}

/** A version has a length of its own: a stale size shows as well as foreign bytes. */
function version(round: number): Buffer {
  return Buffer.alloc(180_000 + round * 4_001, round);
}

/** What a reader may be told when the object is replaced under it. */
const REPLACED = ['ESTALE', 'EIO', 'ENOENT'];

/** One version as a whole; undefined: the object was replaced under the reader, who is told. */
async function readVersion(path: string): Promise<Buffer | undefined> {
  try {
    const seen = await readFile(path);
    sameBytes(seen, version(seen[0] ?? 0), 'version that was seen');
    return seen;
  } catch (reason) {
    if (REPLACED.includes(codeOf(reason) ?? '')) return undefined;
    throw reason;
  }
}

/** @returns How many whole versions were read until `isDone`. */
async function readVersions(path: string, isDone: () => boolean): Promise<number> {
  let whole = 0;
  while (!isDone()) if ((await readVersion(path)) !== undefined) whole += 1;
  return whole;
}

const SAVES: readonly {
  readonly name: string;
  readonly says: string;
  readonly save: Save;
  readonly tier?: Tier;
}[] = [
  {
    name: 'rewritten',
    says: 'written anew',
    save: (context, round) => writeFile(context.path('document'), version(round)),
  },
  {
    name: 'renamed-over',
    tier: 'soak',
    says: 'replaced by a rename',
    save: async (context, round) => {
      await writeFile(context.path('.new'), version(round));
      await rename(context.path('.new'), context.path('document'));
    },
  },
];
type Save = (context: CaseContext, round: number) => Promise<void>;

const ROUNDS = 40;

for (const { name, says, save, tier = 'full' } of SAVES) {
  group.add(
    `never-mixed-${name}`,
    `a file that is ${says} all the time on one mount is one whole version or an error on the other`,
    async (context) => {
      const path = join(await context.control.secondMount(), 'document');
      await save(context, 1);
      await until(context, 'the file on the second mount', FRESH_LIMIT_MS, () => exists(path));
      let isDone = false;
      const writer = async (): Promise<void> => {
        try {
          for (let round = 2; round <= ROUNDS; round += 1) {
            context.signal.throwIfAborted();
            await save(context, round);
          }
        } finally {
          isDone = true;
        }
      };
      const [, ...whole] = await Promise.all([
        writer(),
        readVersions(path, () => isDone),
        readVersions(path, () => isDone),
      ]);
      const last = version(ROUNDS);
      await until(
        context,
        'the last version',
        FRESH_LIMIT_MS,
        async () => (await readVersion(path))?.equals(last) === true,
      );
      context.note(`${whole.reduce((sum, count) => sum + count, 0)} whole versions read meanwhile`);
    },
    { tier },
  );
}

group.add(
  'writers-on-both',
  'two mounts that write one file leave one whole version, and a refused update is told',
  async (context) => {
    const paths = [context.path('shared'), join(await context.control.secondMount(), 'shared')];
    let refused = 0;
    await Promise.all(
      paths.map(async (path, writer) => {
        for (let round = 0; round < 15; round += 1) {
          context.signal.throwIfAborted();
          try {
            await writeFile(path, version(1 + writer + 2 * round));
          } catch (reason) {
            const code = codeOf(reason) ?? 'no errno';
            ok([...REPLACED, 'EBUSY'].includes(code), `a refused update is told honestly, not by ${code}`);
            refused += 1;
          }
        }
      }),
    );
    const stored = await context.store.head(context.store.keyOf(context.path('shared')));
    for (const path of paths)
      await until(
        context,
        'the version of the bucket',
        FRESH_LIMIT_MS,
        async () => (await readVersion(path))?.length === stored.sizeBytes,
      );
    context.note(`${refused} of 30 writes refused`);
  },
);

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch (reason) {
    if (codeOf(reason) === 'ENOENT') return false;
    throw reason;
  }
}

defineGroup(group);
