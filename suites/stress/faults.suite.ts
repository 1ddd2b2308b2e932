import {
  appendFile,
  chmod,
  link,
  mkdir,
  open,
  readFile,
  readdir,
  rename,
  rmdir,
  stat,
  symlink,
  truncate,
  unlink,
  writeFile,
} from 'node:fs/promises';
import {
  CaseList,
  codeOf,
  defineGroup,
  equal,
  ok,
  type Need,
  type Tier,
} from '../../src/harness/api/index.js';
import { sweep, type Change, type Mishap } from './shared/sweep.js';

// Every S3 request of every operation fails once, and from then on. What was acknowledged is there as a whole, errors
// are honest ones, and nothing is left behind.
const group = new CaseList('stress', 'faults', {
  operations: [],
  needs: ['store', 'remount', 'faults'],
  timeoutMs: 120_000,
});

/** Never ENOENT: that a file is not there must not be said of a server that does not answer. */
const REFUSED = ['EACCES', 'EPERM', 'EIO'];
const FAILED = ['EIO', 'EAGAIN', 'EBUSY', 'ETIMEDOUT'];

const MISHAPS: readonly Mishap[] = [
  { name: 'refused-once', fault: { kind: 'status', status: 403 }, once: true, errors: REFUSED },
  { name: 'refused-from-then-on', fault: { kind: 'status', status: 403 }, once: false, errors: REFUSED },
  { name: 'failed-once', fault: { kind: 'status', status: 500 }, once: true, errors: FAILED },
  { name: 'reply-lost-once', fault: { kind: 'lost-reply' }, once: true, errors: FAILED },
];

const REFUSALS: readonly { readonly name: string; readonly operation?: string }[] = [
  { name: 'HEAD', operation: 'HeadObject' },
  { name: 'listings', operation: 'ListObjectsV2' },
  { name: 'everything' },
];

const OLD = 'old content of the file';
const NEW = 'NEW';
/** Goes up in parts; when a piece of it changes, the rest is copied on the server. */
const LARGE = 'a line of a large file\n'.repeat(600_000);
const CHANGED_AT = 7_000_000;

interface Row extends Change {
  readonly name: string;
  readonly says: string;
  readonly operations: readonly string[];
  readonly needs?: readonly Need[];
  /** @defaultValue `full` */
  readonly tier?: Tier;
}

const CHANGES: readonly Row[] = [
  {
    name: 'create',
    says: 'a new file',
    operations: ['create', 'write', 'close'],
    before: {},
    after: { file: NEW },
    between: [{ file: '' }],
    run: (at) => writeFile(at('file'), NEW),
  },
  {
    name: 'overwrite',
    says: 'a file that is written anew',
    operations: ['open', 'write', 'close'],
    before: { file: OLD },
    after: { file: NEW },
    between: [{ file: '' }], // open(2) with O_TRUNC was acknowledged
    run: (at) => writeFile(at('file'), NEW),
  },
  {
    name: 'overwrite-and-fsync',
    tier: 'soak',
    says: 'a file that is changed in place and synced',
    operations: ['write', 'fsync', 'close'],
    before: { file: OLD },
    after: { file: `${NEW} content of the file` },
    run: async (at) => {
      const file = await open(at('file'), 'r+');
      try {
        await file.write(NEW, 0);
        await file.sync();
      } finally {
        await file.close();
      }
    },
  },
  {
    name: 'append',
    says: 'a file that grows',
    operations: ['append', 'close'],
    before: { file: OLD },
    after: { file: OLD + NEW },
    run: (at) => appendFile(at('file'), NEW),
  },
  {
    name: 'create-in-parts',
    says: 'a new file of several parts',
    operations: ['create', 'write', 'close'],
    before: {},
    after: { file: LARGE },
    between: [{ file: '' }],
    run: (at) => writeFile(at('file'), LARGE),
  },
  {
    name: 'change-a-part',
    says: 'a large file that is changed in the middle and synced',
    operations: ['write', 'fsync', 'close'],
    before: { file: LARGE },
    after: { file: LARGE.slice(0, CHANGED_AT) + NEW + LARGE.slice(CHANGED_AT + NEW.length) },
    run: async (at) => {
      const file = await open(at('file'), 'r+');
      try {
        await file.write(NEW, CHANGED_AT);
        await file.sync();
      } finally {
        await file.close();
      }
    },
  },
  {
    name: 'append-to-parts',
    tier: 'soak',
    says: 'a large file that grows',
    operations: ['append', 'close'],
    before: { file: LARGE },
    after: { file: LARGE + NEW },
    run: (at) => appendFile(at('file'), NEW),
  },
  {
    name: 'truncate',
    says: 'a file that is cut',
    operations: ['truncate'],
    before: { file: OLD },
    after: { file: 'old' },
    run: (at) => truncate(at('file'), 3),
  },
  {
    name: 'chmod',
    tier: 'soak',
    says: 'a mode that changes',
    operations: ['chmod'],
    before: { file: OLD },
    after: { file: OLD },
    run: (at) => chmod(at('file'), 0o600),
  },
  {
    name: 'rename',
    says: 'a file that is renamed',
    operations: ['rename'],
    before: { one: OLD },
    after: { two: OLD },
    // Between copy and delete both names hold the content: nothing is lost.
    between: [{ one: OLD, two: OLD }],
    run: (at) => rename(at('one'), at('two')),
  },
  {
    name: 'rename-over',
    tier: 'soak',
    says: 'a file that is renamed over another',
    operations: ['rename'],
    before: { one: NEW, two: OLD },
    after: { two: NEW },
    between: [{ one: NEW, two: NEW }],
    run: (at) => rename(at('one'), at('two')),
  },
  {
    name: 'rename-directory',
    says: 'a directory of files that is renamed',
    operations: ['rename'],
    before: { one: '/', 'one/a': OLD, 'one/b': NEW, 'one/sub': '/', 'one/sub/c': OLD },
    after: { two: '/', 'two/a': OLD, 'two/b': NEW, 'two/sub': '/', 'two/sub/c': OLD },
    run: (at) => rename(at('one'), at('two')),
  },
  {
    name: 'unlink',
    says: 'a file that is removed',
    operations: ['unlink'],
    before: { file: OLD, other: NEW },
    after: { other: NEW },
    run: (at) => unlink(at('file')),
  },
  {
    name: 'mkdir',
    says: 'a new directory',
    operations: ['mkdir'],
    before: {},
    after: { folder: '/' },
    run: (at) => mkdir(at('folder')),
  },
  {
    name: 'rmdir',
    tier: 'soak',
    says: 'a directory that is removed',
    operations: ['rmdir'],
    before: { folder: '/', other: NEW },
    after: { other: NEW },
    run: (at) => rmdir(at('folder')),
  },
  {
    name: 'link',
    says: 'a second name of a file',
    operations: ['link'],
    needs: ['hard-link'],
    before: { one: OLD },
    after: { one: OLD, two: OLD },
    run: (at) => link(at('one'), at('two')),
  },
  {
    name: 'symlink',
    tier: 'soak',
    says: 'a symbolic link',
    operations: ['symlink'],
    needs: ['symlink'],
    before: { file: OLD },
    after: { file: OLD, link: OLD },
    run: (at) => symlink('file', at('link')),
  },
  {
    name: 'readdir',
    says: 'a directory that is listed and read',
    operations: ['readdir', 'read'],
    before: { file: OLD, folder: '/' },
    after: { file: OLD, folder: '/' },
    run: async (at) => {
      const names = await readdir(at('.'));
      equal(names.toSorted(), ['file', 'folder'], 'names of a listing that succeeded');
      equal(await readFile(at('file'), 'utf8'), OLD, 'content that was read');
    },
  },
];

for (const { name, says, operations, needs = [], tier = 'full', ...change } of CHANGES) {
  group.add(
    name,
    `${says}: whichever of its S3 requests fails, once or from then on, what was acknowledged is there as a whole`,
    (context) => sweep(context, change, MISHAPS),
    { operations, needs, tier },
  );
}

group.add(
  'refused-is-not-missing',
  'a server that refuses HEAD, listings or everything (403) makes no file and no directory vanish',
  async (context) => {
    const { control, path } = context;
    for (const { name } of REFUSALS) {
      await mkdir(path(name));
      await writeFile(path(`${name}/file`), OLD);
    }
    await control.remount();
    await readdir(context.directory);
    for (const { name, operation } of REFUSALS) {
      const refuse = operation === undefined ? {} : { operation };
      await control.setFaults({ rules: [{ ...refuse, fault: { kind: 'status', status: 403 } }] });
      await expectHonest(`stat while the server refuses ${name}`, () => stat(path(`${name}/file`)));
      const names = await expectHonest(`readdir while it refuses ${name}`, () => readdir(path(name)));
      if (names !== undefined) equal(names, ['file'], `names of a listing while the server refuses ${name}`);
      const [count] = await control.faultCounts();
      ok(operation !== undefined || (count?.fired ?? 0) > 0, 'the refusal was felt at all');
      await control.setFaults(undefined);
      equal(await readFile(path(`${name}/file`), 'utf8'), OLD, `content after the server refused ${name}`);
    }
  },
  { operations: ['stat', 'readdir'], tier: 'full' },
);

/** @returns what the call gave; undefined where it failed with an error that says so. */
async function expectHonest<T>(what: string, call: () => Promise<T>): Promise<T | undefined> {
  try {
    return await call();
  } catch (reason) {
    const code = codeOf(reason) ?? String(reason);
    ok(REFUSED.includes(code), `${what} ends with one of ${REFUSED.join(', ')}, and not with ${code}`);
    return undefined;
  }
}

defineGroup(group);
