import { mkdir, readFile, readdir, rm, stat, unlink, writeFile } from 'node:fs/promises';
import { CaseList, defineGroup, equal, ok, type CaseContext } from '../../src/harness/api/index.js';
import { sha256 } from '../shared/content.js';
import { inParallel } from './shared/workers.js';

const group = new CaseList('stress', 'directories', {
  operations: ['readdir', 'stat', 'unlink'],
  timeoutMs: 120_000,
});

/** Directories of many keys that another client has put there, each with its own name as its content. */
const LARGE = [
  { name: 'of-1001-keys', count: 1_001, tier: 'full', timeoutMs: 120_000 },
  { name: 'of-5000-keys', count: 5_000, tier: 'soak', timeoutMs: 300_000 },
  { name: 'of-100000-keys', count: 100_000, tier: 'soak', timeoutMs: 1_800_000 },
] as const;

const PUTS_AT_ONCE = 16;

for (const { name, count, tier, timeoutMs } of LARGE) {
  group.add(
    name,
    `a directory of ${count} keys is listed whole, each name once; one may come and one may go`,
    async (context) => {
      const folder = context.path('large');
      await mkdir(folder);
      const names = Array.from({ length: count }, (_, index) => `key-${String(index).padStart(6, '0')}`);
      const prefix = context.store.keyOf(folder);
      await inParallel(context, PUTS_AT_ONCE, names, async (key) => {
        await context.store.put(`${prefix}/${key}`, Buffer.from(key), { signal: context.signal });
      });
      await context.control.remount();
      const beganMs = performance.now();
      equal(fingerprint(await readdir(folder)), fingerprint(names), 'names of the first listing');
      context.note(`first listing of ${count} names after ${Math.round(performance.now() - beganMs)} ms`);
      await expectSome(context, names);
      await writeFile(`${folder}/key-new`, 'new');
      await unlink(`${folder}/${names[500] ?? ''}`);
      const changed = ['key-new', ...names.filter((_, index) => index !== 500)];
      equal(fingerprint(await readdir(folder)), fingerprint(changed), 'names after one came and one went');
    },
    // A program that asks for each object by itself may take long to open the directory.
    { needs: ['store', 'remount'], tier, timeoutMs, callTimeoutMs: timeoutMs / 2 },
  );
}

/** Whatever their order; a hundred thousand names make no message. */
function fingerprint(names: readonly string[]): Readonly<Record<string, unknown>> {
  const digest = sha256(Buffer.from(names.toSorted().join('\n')));
  return { count: names.length, different: new Set(names).size, digest };
}

async function expectSome(context: CaseContext, names: readonly string[]): Promise<void> {
  for (let look = 0; look < 20; look += 1) {
    const name = names[Math.floor(context.random() * names.length)] ?? '';
    equal((await stat(context.path('large', name))).size, name.length, `size of ${name}`);
    equal(await readFile(context.path('large', name), 'utf8'), name, `content of ${name}`);
  }
  await context.expectErrno('ENOENT', () => stat(context.path('large', 'key-none')));
}

/** Trees of small files, as sources and mail have them. */
const TREES = [
  { name: 'small-files', branches: 4, folders: 5, files: 8, tier: 'full', timeoutMs: 120_000 },
  {
    name: 'ten-thousand-small-files',
    branches: 10,
    folders: 20,
    files: 50,
    tier: 'soak',
    timeoutMs: 1_200_000,
  },
] as const;

for (const { name, branches, folders, files, tier, timeoutMs } of TREES) {
  group.add(
    name,
    `a tree of ${branches * folders * files} small files, written by eight at once, is whole after a remount and can be removed`,
    async (context) => {
      const places = Array.from(
        { length: branches * folders },
        (_, index) => `tree/${index % branches}/${Math.floor(index / branches)}`,
      );
      const written = new Map<string, Buffer>();
      await inParallel(context, 8, places, async (place, index) => {
        await mkdir(context.path(place), { recursive: true });
        for (let file = 0; file < files; file += 1) {
          const path = `${place}/file-${file}`;
          const content = context.bytes((index * 131 + file * 37) % 3_000, index * files + file);
          await writeFile(context.path(path), content);
          written.set(path, content);
        }
      });
      if (context.has('remount')) await context.control.remount();
      const entries = await readdir(context.path('tree'), { recursive: true });
      const seen = entries.filter((entry) => entry.includes('file-')).map((entry) => `tree/${entry}`);
      equal(seen.toSorted(), [...written.keys()].toSorted(), 'files of the tree');
      await inParallel(context, 8, [...written], async ([path, content]) => {
        ok((await readFile(context.path(path))).equals(content), `${path} has its content`);
      });
      await rm(context.path('tree'), { recursive: true });
      equal(await readdir(context.directory), [], 'names left');
    },
    { operations: ['mkdir', 'write', 'read', 'readdir', 'unlink', 'rmdir'], tier, timeoutMs },
  );
}

defineGroup(group);
