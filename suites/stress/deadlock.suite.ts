import {
  link,
  mkdir,
  open,
  readFile,
  readdir,
  rename,
  rm,
  rmdir,
  stat,
  truncate,
  unlink,
  writeFile,
} from 'node:fs/promises';
import {
  CaseList,
  codeOf,
  createRandom,
  defineGroup,
  fail,
  type CaseContext,
} from '../../src/harness/api/index.js';
import { Progress } from './shared/progress.js';

// Every call on the same few names at once: what takes locks in a wrong order stands still here.
const group = new CaseList('stress', 'deadlock', {
  operations: ['open', 'rename', 'unlink', 'mkdir', 'rmdir', 'link', 'readdir', 'truncate', 'stat'],
  timeoutMs: 60_000,
});

const NAMES = ['a', 'b', 'one/a', 'one/b', 'one/two', 'one/two/a', 'three', 'three/a'];

/** What such calls may answer by their man pages when others change the same names. */
const EXPECTED = [
  ...['ENOENT', 'EEXIST', 'ENOTEMPTY', 'EISDIR', 'ENOTDIR', 'EINVAL', 'EPERM', 'EBUSY', 'ESTALE', 'EMLINK'],
  ...['ENOSYS', 'EOPNOTSUPP', 'ENOTSUP', 'EXDEV'], // of a target that has not this call
];

type Call = readonly [name: string, call: (first: string, second: string) => Promise<unknown>];

const CALLS: readonly Call[] = [
  ['write', (first) => writeFile(first, first)],
  ['append', (first) => writeFile(first, first, { flag: 'a' })],
  ['read', (first) => readFile(first)],
  ['stat', (first) => stat(first)],
  ['truncate', (first) => truncate(first, 3)],
  ['unlink', (first) => unlink(first)],
  ['mkdir', (first) => mkdir(first)],
  ['rmdir', (first) => rmdir(first)],
  ['rename', (first, second) => rename(first, second)],
  ['link', (first, second) => link(first, second)],
  ['readdir', (first) => readdir(first)],
  ['write through a rename', writeAndRename],
  ['fsync of an open file that goes', openAndUnlink],
];

async function writeAndRename(first: string, second: string): Promise<void> {
  const file = await open(first, 'a');
  try {
    await file.write('more');
    await rename(first, second);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function openAndUnlink(first: string): Promise<void> {
  const file = await open(first, 'r+');
  try {
    await unlink(first);
    await file.write('gone');
    await file.sync();
  } finally {
    await file.close();
  }
}

const HUNTS = [
  { name: 'few-names', workers: 12, calls: 60, tier: 'full' },
  { name: 'few-names-for-long', workers: 32, calls: 3_000, tier: 'soak' },
] as const;

for (const { name, workers, calls, tier } of HUNTS) {
  group.add(
    name,
    `${workers} workers with ${calls} calls each on eight names: no call stands still for 10 s, and no errno is a surprise`,
    async (context) => {
      for (const folder of ['one', 'one/two', 'three']) await mkdir(context.path(folder));
      const progress = new Progress();
      const work = Array.from({ length: workers }, (_, worker) => hunt(context, progress, worker, calls));
      await progress.watch(context, Promise.all(work));
      for (const left of await readdir(context.directory))
        await progress.step(0, `removal of ${left}`, () => rm(context.path(left), { recursive: true }));
    },
    { tier, timeoutMs: calls * 1_000 },
  );
}

async function hunt(context: CaseContext, progress: Progress, worker: number, calls: number): Promise<void> {
  const random = createRandom(context.seed + worker);
  const pick = <T>(from: readonly T[]): T => {
    const chosen = from[Math.floor(random() * from.length)];
    return chosen ?? fail('there is nothing to choose from');
  };
  for (let done = 0; done < calls; done += 1) {
    context.signal.throwIfAborted();
    const [what, call] = pick(CALLS);
    const [first, second] = [pick(NAMES), pick(NAMES)];
    try {
      await progress.step(worker, `${what} of ${first}, ${second}`, () =>
        call(context.path(first), context.path(second)),
      );
    } catch (reason) {
      const code = codeOf(reason) ?? String(reason);
      if (!EXPECTED.includes(code)) fail(`${what} of ${first}, ${second}: ${code}`);
    }
  }
}

defineGroup(group);
