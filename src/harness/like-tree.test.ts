import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { LIKE_CASE, LIKE_LIMITS, scanLikeTree, withoutLikeCase } from './like-tree.js';

const { signal } = new AbortController();

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'objectfs-test-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

test('a tree is its names, sizes and link texts, parents first, byte for byte', async () => {
  await mkdir(join(folder, 'd/deep'), { recursive: true });
  await writeFile(join(folder, 'd/deep/f'), 'four');
  await writeFile(Buffer.concat([Buffer.from(`${folder}/`), Buffer.from([0x66, 0xff])]), '');
  await symlink('d/nowhere', join(folder, 'l'));
  await execa('mkfifo', [join(folder, 'pipe')]);
  const { entries, notes } = await scanLikeTree(folder, signal);
  expect(entries).toEqual([
    { kind: 'directory', path: 'd' },
    { kind: 'file', path: 'f\u00ff', sizeBytes: 0 },
    { kind: 'symlink', path: 'l', text: 'd/nowhere' },
    { kind: 'directory', path: 'd/deep' },
    { kind: 'file', path: 'd/deep/f', sizeBytes: 4 },
  ]);
  expect(notes).toEqual([expect.stringMatching(/neither file, directory nor symbolic link: "pipe"/)]);
});

test('what goes beyond a limit is left out, smaller files behind it are not, and each is told', async () => {
  await writeFile(join(folder, 'a'), 'x'.repeat(10));
  await writeFile(join(folder, 'b'), 'x'.repeat(100));
  await writeFile(join(folder, 'c'), 'x'.repeat(10));
  const bySize = await scanLikeTree(folder, signal, { ...LIKE_LIMITS, sizeBytes: 50 });
  expect(bySize.entries.map(({ path }) => path)).toEqual(['a', 'c']);
  expect(bySize.notes).toEqual([expect.stringMatching(/50 bytes: "b"/)]);
  const byCount = await scanLikeTree(folder, signal, { ...LIKE_LIMITS, entries: 2 });
  expect(byCount.entries).toHaveLength(2);
  expect(byCount.notes).toEqual(['cut after 2 entries']);
});

test('without a tree the case is left out, and refused where it was chosen alone', () => {
  const { suite, id } = LIKE_CASE;
  const rest = { files: [], leftOut: new Set<string>() };
  const [chosen] = withoutLikeCase([{ suite, only: ['files/other', id], ...rest }]);
  expect(chosen).toEqual({ suite, only: ['files/other'], files: [], leftOut: new Set([id]) });
  expect(() => withoutLikeCase([{ suite, only: [id], ...rest }])).toThrow(/replays a tree of yours/);
});
