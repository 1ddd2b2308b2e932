import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  CaseFailure,
  codeOf,
  equal,
  fail,
  ok,
  type CaseContext,
  type Fault,
  type FaultRule,
} from '../../../src/harness/api/index.js';
import { digestOf } from './manifest.js';

/** A tree in few words: paths with their contents, `/` for a directory. */
export type Tree = Readonly<Record<string, string>>;

/** One change of a small tree, and what may be there when it failed. */
export interface Change {
  readonly before: Tree;
  readonly after: Tree;
  /** What is allowed beside both where the change failed: it may consist of several calls. */
  readonly between?: readonly Tree[];
  readonly run: (at: (path: string) => string) => Promise<unknown>;
}

/** What goes wrong with the n-th request of a change, and which errors programs may be told then. */
export interface Mishap {
  readonly name: string;
  readonly fault: Fault;
  /** Or from the n-th request on. */
  readonly once: boolean;
  readonly errors: readonly string[];
}

/** A change of a small tree takes fewer requests: a sweep that gets here does not end. */
const MOST_REQUESTS = 60;

const MOST_SHOWN_BYTES = 100;

interface Tried {
  readonly folder: string;
  readonly n: number;
  readonly mishap: Mishap;
  readonly acknowledged: boolean;
}

/**
 * Makes the first, the second, ... request of a change fail until it needs no more of them. Acknowledged changes are
 * there at once; after a remount each tree is as before or as after, as a whole, and nothing else is left in the bucket.
 */
export async function sweep(context: CaseContext, change: Change, mishaps: readonly Mishap[]): Promise<void> {
  const tried: Tried[] = [];
  for (const mishap of mishaps) {
    for (let n = 1; ; n += 1) {
      if (n > MOST_REQUESTS) fail(`${mishap.name}: the change takes more than ${MOST_REQUESTS} requests`);
      const one = await tryOnce(context, change, mishap, n);
      if (one === undefined) break;
      tried.push(one);
    }
  }
  ok(tried.length >= mishaps.length, 'the change takes at least one request');
  await context.control.remount();
  for (const one of tried) await judge(change, one);
  await expectNothingLeft(context);
  const refused = tried.filter(({ acknowledged }) => !acknowledged).length;
  context.note(`${tried.length} requests failed, ${refused} changes with an error`);
}

/** @returns undefined where the change has fewer than `n` requests. */
async function tryOnce(
  context: CaseContext,
  change: Change,
  mishap: Mishap,
  n: number,
): Promise<Tried | undefined> {
  const { control, path } = context;
  const folder = path(`${mishap.name}-${n}`);
  await plant(folder, change.before);
  const rule: FaultRule = { ...(mishap.once ? { nth: n } : { from: n }), fault: mishap.fault };
  await control.setFaults({ rules: [rule] });
  const code = await change
    .run((name) => join(folder, name))
    .then(
      () => undefined,
      (reason: unknown) => codeOf(reason) ?? String(reason),
    );
  const [count] = await control.faultCounts();
  await control.setFaults(undefined);
  const at = `request ${n} ${mishap.name}`;
  if (code !== undefined && !mishap.errors.includes(code)) {
    fail(`${at}: the error is ${code}, which is none of ${mishap.errors.join(', ')}`);
  }
  if (code === undefined) equal(await treeOf(folder), brief(change.after), `${at}: the tree after a success`);
  if ((count?.fired ?? 0) > 0) return { folder, n, mishap, acknowledged: code === undefined };
  equal(code, undefined, `${at}: error though nothing failed`);
  return undefined;
}

async function judge(change: Change, tried: Tried): Promise<void> {
  const { folder, n, mishap, acknowledged } = tried;
  const tree = await treeOf(folder);
  const what = `request ${n} ${mishap.name}, then a remount`;
  if (acknowledged) {
    equal(tree, brief(change.after), `${what}: the tree of an acknowledged change`);
    return;
  }
  const allowed = [change.before, change.after, ...(change.between ?? [])].map(brief);
  for (const candidate of allowed) if (same(tree, candidate)) return;
  throw new CaseFailure(
    `${what}: the tree ${JSON.stringify(tree)} is none of ${allowed.map((each) => JSON.stringify(each)).join(', ')}`,
  );
}

/** Of the directory of the case: when its names are gone, so are its keys and uploads. */
async function expectNothingLeft(context: CaseContext): Promise<void> {
  const { store, directory, signal } = context;
  for (const name of await readdir(directory)) await rm(join(directory, name), { recursive: true });
  const prefix = `${store.keyOf(directory)}/`;
  const { objects } = await store.list({ prefix, signal });
  const keys = objects.map(({ key }) => key).filter((key) => key !== prefix);
  equal(keys, [], 'keys of the case in the bucket after all its names were removed');
  const uploads = await store.listUploads(prefix, { signal });
  equal(
    uploads.map(({ key }) => key),
    [],
    'open uploads in the bucket',
  );
}

async function plant(folder: string, tree: Tree): Promise<void> {
  await mkdir(folder);
  for (const [path, content] of Object.entries(tree)) {
    if (content === '/') await mkdir(join(folder, path));
    else await writeFile(join(folder, path), content);
  }
}

/** As `treeOf` tells it. */
function brief(tree: Tree): Tree {
  return Object.fromEntries(
    Object.entries(tree).map(([path, content]) => [
      path,
      content === '/' ? content : inBrief(Buffer.from(content)),
    ]),
  );
}

/** A long content by its digest: a failure shows whole trees. */
function inBrief(content: Buffer): string {
  return content.length > MOST_SHOWN_BYTES ? digestOf(content) : content.toString('utf8');
}

async function treeOf(folder: string): Promise<Tree> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const lines = entries.map(async (entry): Promise<readonly [string, string]> => {
    const path = join(entry.parentPath, entry.name);
    return [path.slice(folder.length + 1), entry.isDirectory() ? '/' : inBrief(await readFile(path))];
  });
  return Object.fromEntries(
    (await Promise.all(lines)).toSorted(([left], [right]) => (left < right ? -1 : 1)),
  );
}

function same(left: Tree, right: Tree): boolean {
  const names = Object.keys(left);
  return names.length === Object.keys(right).length && names.every((name) => left[name] === right[name]);
}
