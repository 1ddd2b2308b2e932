import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, mkdir, open, readdir, readlink, symlink } from 'node:fs/promises';
import {
  CaseList,
  codeOf,
  defineGroup,
  equal,
  likeTree,
  namedPaths,
  ok,
  type CaseContext,
  type LikeEntry,
} from '../../src/harness/api/index.js';
import { MIB } from '../shared/content.js';

// A user's own tree: names and sizes that no generator thinks of. The bytes are ours.
const group = new CaseList('integrity', 'like', {
  operations: ['write', 'mkdir', 'symlink', 'read', 'readdir', 'readlink'],
  needs: ['store', 'remount'],
  timeoutMs: 300_000,
  tier: 'full',
});

const PIECE_BYTES = 4 * MIB;

/** What a file system may say to a name that it can not hold. */
const REFUSALS = ['ENAMETOOLONG', 'EINVAL', 'EILSEQ'];

/** A name of this kind, in a path of this length, has to be held by any target. */
const PLAIN = /^[\w./ -]*$/;
const PLAIN_MOST_BYTES = 100;

interface Replayed {
  /** One line for each entry that the target took. */
  readonly lines: readonly string[];
  /** SHA-256 of each file by its path. */
  readonly digests: ReadonlyMap<string, string>;
  readonly refused: readonly string[];
  readonly withoutLinks: readonly string[];
}

/** Paths of the tree have a byte in each character. */
function at(context: CaseContext, path: string): Buffer {
  return Buffer.concat([Buffer.from(`${context.path('tree')}/`), Buffer.from(path, 'latin1')]);
}

function isRefusal(path: string, reason: unknown): boolean {
  const isPlain = PLAIN.test(path) && path.length <= PLAIN_MOST_BYTES;
  return !isPlain && REFUSALS.includes(codeOf(reason) ?? '');
}

function isBelowOne(path: string, folders: ReadonlySet<string>): boolean {
  return path.split('/').some((_, depth, parts) => folders.has(parts.slice(0, depth).join('/')));
}

async function replay(context: CaseContext, entries: readonly LikeEntry[]): Promise<Replayed> {
  const lines: string[] = [];
  const digests = new Map<string, string>();
  const refused = new Set<string>();
  const withoutLinks: string[] = [];
  await mkdir(context.path('tree'));
  for (const [index, entry] of entries.entries()) {
    context.signal.throwIfAborted();
    if (isBelowOne(entry.path, refused)) refused.add(entry.path);
    else if (entry.kind === 'symlink' && !context.has('symlink')) withoutLinks.push(entry.path);
    else {
      try {
        const digest = await make(context, entry, index);
        if (digest !== undefined) digests.set(entry.path, digest);
        lines.push(lineOf(entry, digest));
      } catch (reason) {
        if (!isRefusal(entry.path, reason)) throw reason;
        refused.add(entry.path);
      }
    }
  }
  return { lines: lines.sort(), digests, refused: [...refused], withoutLinks };
}

function lineOf(entry: LikeEntry, digest: string | undefined): string {
  if (entry.kind === 'directory') return `${entry.path} directory`;
  if (entry.kind === 'symlink') return `${entry.path} symlink ${entry.text}`;
  return `${entry.path} file ${entry.sizeBytes} ${digest ?? ''}`;
}

/** @returns SHA-256 of a file. */
async function make(context: CaseContext, entry: LikeEntry, index: number): Promise<string | undefined> {
  const path = at(context, entry.path);
  if (entry.kind === 'file') return writeGenerated(context, path, entry.sizeBytes, index);
  if (entry.kind === 'directory') await mkdir(path);
  else await symlink(Buffer.from(entry.text, 'latin1'), path);
  return undefined;
}

async function writeGenerated(
  context: CaseContext,
  path: Buffer,
  sizeBytes: number,
  index: number,
): Promise<string> {
  const hash = createHash('sha256');
  const handle = await open(path, 'wx');
  try {
    for (let position = 0; position < sizeBytes; position += PIECE_BYTES) {
      // No two pieces of a tree have the same salt: it is as unique as index and position are.
      const salt = index * 1_000_000 + position / PIECE_BYTES;
      const piece = context.bytes(Math.min(PIECE_BYTES, sizeBytes - position), salt);
      hash.update(piece);
      await handle.writeFile(piece);
    }
  } finally {
    await handle.close();
  }
  return hash.digest('hex');
}

/** What the mount shows, in the words of {@link lineOf}. */
async function shownLines(context: CaseContext): Promise<readonly string[]> {
  const lines: string[] = [];
  const folders = [''];
  for (const folder of folders) {
    for (const name of await readdir(at(context, folder), 'latin1')) {
      context.signal.throwIfAborted();
      const path = folder === '' ? name : `${folder}/${name}`;
      const status = await lstat(at(context, path));
      if (status.isDirectory()) {
        folders.push(path);
        lines.push(`${path} directory`);
      } else if (status.isSymbolicLink()) {
        lines.push(`${path} symlink ${await readlink(at(context, path), 'latin1')}`);
      } else {
        lines.push(`${path} file ${status.size} ${await digestOf(createReadStream(at(context, path)))}`);
      }
    }
  }
  return lines.sort();
}

async function digestOf(stream: AsyncIterable<unknown>): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of stream) hash.update(chunk as Buffer); // streams of bytes
  return hash.digest('hex');
}

function expectShown(lines: readonly string[], expected: readonly string[], when: string): void {
  const shown = new Set(lines);
  const wanted = new Set(expected);
  const missing = expected.filter((line) => !shown.has(line));
  const unexpected = lines.filter((line) => !wanted.has(line));
  equal(namedPaths(missing), '', `entries that are missing ${when}, instead: ${namedPaths(unexpected)}`);
  equal(namedPaths(unexpected), '', `entries that should not be there ${when}`);
  equal(lines.length, expected.length, `count of entries ${when}`);
}

/** @returns Paths that have no key of their own bytes: keys are UTF-8. */
async function expectInBucket(
  context: CaseContext,
  digests: ReadonlyMap<string, string>,
): Promise<readonly string[]> {
  const withoutKey: string[] = [];
  for (const [path, digest] of digests) {
    const bytes = at(context, path);
    if (!isUtf8(bytes)) {
      withoutKey.push(path);
      continue;
    }
    const { body } = await context.store.get(context.store.keyOf(bytes.toString()), {
      signal: context.signal,
    });
    equal(await digestOf(body), digest, `SHA-256 of the object of ${namedPaths([path])}`);
  }
  return withoutKey;
}

function tell(context: CaseContext, what: string, paths: readonly string[]): void {
  if (paths.length > 0) context.note(`${paths.length} ${what}: ${namedPaths(paths)}`);
}

group.add(
  'tree',
  'names and sizes of the tree of --like, with generated content, are the same at the mount, in S3 and after a cold remount',
  async (context) => {
    const tree = likeTree();
    if (tree === undefined) return context.skip('no --like given');
    const { lines, digests, refused, withoutLinks } = await replay(context, tree.entries);
    ok(lines.length > 0, 'the target holds at least one entry of the tree');
    expectShown(await shownLines(context), lines, 'at the mount');
    const withoutKey = await expectInBucket(context, digests);
    await context.control.remount();
    expectShown(await shownLines(context), lines, 'after a cold remount');
    context.note(`${lines.length} of ${tree.entries.length} entries, ${digests.size} files`);
    tell(context, 'names that the target can not hold', refused);
    tell(context, 'symbolic links left out, the target has none', withoutLinks);
    tell(context, 'files not looked up in S3, for their names are no UTF-8', withoutKey);
    for (const note of tree.notes) context.note(note);
    return undefined;
  },
);

defineGroup(group);
