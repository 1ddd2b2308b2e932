import { buffer } from 'node:stream/consumers';
import { faultyStore } from '../s3/faulty.js';
import type { ObjectHead, ObjectStore } from '../s3/store.js';
import { Driver, O_RDWR } from './testing/driver.js';
import { startFixture, type Fixture } from './testing/fixture.js';

let fixture: Fixture;

beforeEach(async () => {
  fixture = await startFixture();
});

afterEach(async () => {
  await fixture.close();
});

/** What a user sees of a tree: names, types, bytes, and which names are one file. */
async function describeTree(d: Driver): Promise<string> {
  const lines: string[] = [];
  const inodes = new Map<bigint, string>();
  const visit = async (path: string): Promise<void> => {
    for (const name of (await d.list(path)).sort()) {
      const at = path === '' ? name : `${path}/${name}`;
      const { mode, ino, nlink } = await d.stat(at);
      const directory = (mode & 0o170000) === 0o040000;
      const first = inodes.get(ino) ?? at;
      inodes.set(ino, first);
      const text = directory ? '' : await d.readFile(at);
      lines.push(`${at} ${mode.toString(8)} ${directory ? '' : `${nlink} ${first}`} "${text}"`);
      if (directory) await visit(at);
    }
  };
  await visit('');
  return lines.join('\n');
}

async function coldTree(): Promise<string> {
  const cold = new Driver(await fixture.mount());
  const tree = await describeTree(cold);
  await cold.fs.stop();
  return tree;
}

interface Saved {
  readonly head: ObjectHead;
  readonly body: Buffer;
}

async function save(): Promise<readonly Saved[]> {
  const { objects } = await fixture.store.list();
  return await Promise.all(
    objects.map(async ({ key }) => {
      const { head, body } = await fixture.store.get(key);
      return { head, body: await buffer(body) };
    }),
  );
}

async function restore(saved: readonly Saved[]): Promise<void> {
  const { objects } = await fixture.store.list();
  await fixture.store.deleteMany(objects.map(({ key }) => key));
  await Promise.all(
    saved.map(({ head, body }) =>
      fixture.store.put(head.key, body, { metadata: head.metadata, headers: head.headers }),
    ),
  );
}

interface Scenario {
  readonly name: string;
  readonly before: (d: Driver) => Promise<void>;
  readonly change: (d: Driver) => Promise<unknown>;
  /** Keys under `.objectfs/` that belong to the tree and not to an operation. */
  readonly keeps?: RegExp;
}

async function files(d: Driver): Promise<void> {
  await d.writeFile('a', 'old a');
  await d.writeFile('b', 'old b');
}

async function trees(d: Driver): Promise<void> {
  for (const folder of ['a', 'a/sub', 'b']) await d.mkdir(folder);
  for (const file of ['a/common', 'a/sub/x', 'b/common', 'b/y']) await d.writeFile(file, file);
}

async function linked(d: Driver): Promise<void> {
  await files(d);
  await d.mkdir('dir');
  await d.link('a', 'dir/a2');
  await d.link('a', 'a3');
}

async function edit(d: Driver, path: string): Promise<void> {
  const file = await d.open(path, O_RDWR);
  try {
    await file.write(0, 'NEW');
    await file.fsync();
  } finally {
    await file.release();
  }
}

/** Every n-th request is tried, from a random one on: `OBJECTFS_CRASH_STEP=1` tries each, which takes minutes. */
const STEP = Number(process.env['OBJECTFS_CRASH_STEP'] ?? 4);
const FIRST = Number(process.env['OBJECTFS_CRASH_FIRST'] ?? 1 + Math.floor(Math.random() * STEP));

const LINKS = /^\.objectfs\/links\//;

const scenarios: readonly Scenario[] = [
  { name: 'a rename of a file', before: files, change: (d) => d.rename('a', 'c') },
  { name: 'a rename of a file over another', before: files, change: (d) => d.rename('a', 'b') },
  {
    name: 'a rename of a changed file over another',
    before: files,
    change: async (d) => {
      const file = await d.open('a', O_RDWR);
      await file.write(0, 'NEW');
      await d.rename('a', 'b');
    },
  },
  { name: 'a rename of a directory', before: trees, change: (d) => d.rename('a', 'c') },
  {
    name: 'a rename of a directory with linked files',
    before: linked,
    change: (d) => d.rename('dir', 'new'),
    keeps: LINKS,
  },
  { name: 'an exchange of files', before: files, change: (d) => d.rename('a', 'b', 2) },
  { name: 'an exchange of directories', before: trees, change: (d) => d.rename('a', 'b', 2) },
  {
    name: 'an exchange of a file and a directory',
    before: trees,
    change: (d) => d.rename('a/sub', 'b/y', 2),
  },
  {
    name: 'an exchange of a linked file and another',
    before: linked,
    change: (d) => d.rename('dir/a2', 'b', 2),
    keeps: LINKS,
  },
  { name: 'a first link', before: files, change: (d) => d.link('a', 'c'), keeps: LINKS },
  { name: 'one more link', before: linked, change: (d) => d.link('a', 'c'), keeps: LINKS },
  { name: 'a write to a linked file', before: linked, change: (d) => edit(d, 'a'), keeps: LINKS },
  { name: 'a chmod of a linked file', before: linked, change: (d) => d.chmod('dir/a2', 0o600), keeps: LINKS },
  {
    name: 'a removal of a name of a linked file',
    before: linked,
    change: (d) => d.unlink('a'),
    keeps: LINKS,
  },
  { name: 'a rename of a linked file', before: linked, change: (d) => d.rename('a', 'dir/c'), keeps: LINKS },
  { name: 'a rename over a linked file', before: linked, change: (d) => d.rename('b', 'a'), keeps: LINKS },
];

describe.each(scenarios)('$name that is killed at any request', ({ before, change, keeps }) => {
  /** The trees before and after, when nothing goes wrong, and what lies in S3 before. */
  async function bothTrees(): Promise<readonly [string, string, readonly Saved[]]> {
    const d = new Driver(await fixture.mount());
    await before(d);
    await d.fs.stop();
    const saved = await save();
    const old = await coldTree();
    const again = new Driver(await fixture.mount());
    await change(again);
    await again.fs.stop();
    return [old, await coldTree(), saved];
  }

  /** @returns Whether the change came to its end. */
  async function attempt(nth: number, when: 'before' | 'lost-reply'): Promise<boolean> {
    const gate: { store: ObjectStore } = { store: fixture.store };
    const through = new Proxy(fixture.store, {
      get: (_target, property) => Reflect.get(gate.store, property) as unknown,
    });
    const dying = new Driver(await fixture.mount({ store: through }));
    const lost = when === 'lost-reply' ? 1 : 0;
    const dead = faultyStore(fixture.store, { nth: nth + lost, mode: 'from-then-on' });
    const last = faultyStore(dead.store, { nth: nth * lost, mode: 'once', when: 'lost-reply' });
    gate.store = last.store;
    await change(dying).catch(() => undefined);
    const done = dead.fired() + last.fired() === 0;
    await dying.fs.stop().catch(() => undefined);
    return done;
  }

  test.each(['before', 'lost-reply'] as const)(
    `leaves the old tree or the new one to the next mount, and nothing else (%s, STEP ${STEP}, FIRST ${FIRST})`,
    async (when) => {
      const [old, renewed, saved] = await bothTrees();
      expect(renewed).not.toBe(old);
      const seen = new Set<string>();
      for (let nth = FIRST, done = false; !done; nth += STEP) {
        await restore(saved);
        done = await attempt(nth, when);
        const tree = await coldTree();
        if (tree !== old) expect({ nth, tree }).toEqual({ nth, tree: renewed });
        seen.add(tree);
        const { objects } = await fixture.store.list({ prefix: '.objectfs/' });
        const left = objects.map(({ key }) => key).filter((key) => keeps?.test(key) !== true);
        expect({ nth, left }).toEqual({ nth, left: [] });
      }
      expect(seen.size).toBe(2);
    },
    120_000,
  );
});
