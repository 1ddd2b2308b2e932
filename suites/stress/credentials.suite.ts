import { open, readFile, type FileHandle } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import {
  CaseList,
  defineGroup,
  equal,
  type CaseContext,
  type CredentialSource,
} from '../../src/harness/api/index.js';
import { expectSealed, sealed } from './shared/sealed.js';
import { inParallel, workers } from './shared/workers.js';

// The keys of a mount change while programs write and read. It finds the new ones by itself; no program hears of it.
const group = new CaseList('stress', 'credentials', {
  operations: ['read', 'write', 'fsync', 'close'],
  needs: ['store', 'faults', 'target-settings'],
  timeoutMs: 120_000,
});

const SOURCES = [
  {
    name: 'rotated-in-the-file',
    source: 'credentials-file',
    says: 'keys in the shared credentials file, of which the server knows the last only (InvalidAccessKeyId)',
    rotations: 2,
    tier: 'full',
  },
  {
    name: 'session-of-a-process',
    source: 'credential-process',
    says: 'sessions given out by credential_process, of which the last only has not run out (ExpiredToken)',
    rotations: 2,
    tier: 'full',
  },
  {
    name: 'session-of-a-process-many-times',
    source: 'credential-process',
    says: 'sessions given out by credential_process, each for seconds only',
    rotations: 100,
    tier: 'soak',
  },
] as const satisfies readonly Source[];

interface Source {
  readonly name: string;
  readonly source: CredentialSource;
  readonly says: string;
  readonly rotations: number;
  readonly tier: 'full' | 'soak';
}

/** A mount may look for other keys once a second at most. */
const BETWEEN_MS = 1_500;
const READERS = 3;
const WRITERS = 3;
/** Of each worker, after the server has begun to refuse the keys of before. */
const LATE_TURNS = 6;
/** Files of a round that nobody has read yet; so many that some are left when the keys change. */
const COLD_FILES = 2 * READERS * LATE_TURNS;
const COLD_BYTES = 40_000;
/** By writer: a file goes out in one request, or in parts while it is written. */
const WRITE_BYTES = [3_000, 200_000, 17_000_000];

for (const { name, says, source, rotations, tier } of SOURCES) {
  group.add(
    name,
    `${says}: writes with fsync and reads of cold files go on through ${rotations} rotations, without an error and without a remount, and what was acknowledged is there`,
    async (context) => {
      const cold = await putColdFiles(context, rotations * COLD_FILES);
      await context.control.remount({ credentials: source });
      const { pid } = await context.control.process();
      const written = new Map<string, number>();
      const log = await open(context.path('log'), 'wx');
      try {
        for (let round = 0; round < rotations; round += 1) {
          const names = cold.slice(round * COLD_FILES, (round + 1) * COLD_FILES);
          await workThroughRotation(context, { round, names, written, log });
        }
      } finally {
        await log.close();
      }
      equal((await context.control.process()).pid, pid, 'process of the target');
      await expectAll(context, written);
      context.note(`${written.size} files written and synced through ${rotations} rotations`);
    },
    { tier, timeoutMs: tier === 'soak' ? 1_800_000 : 120_000 },
  );
}

/** Names of files that another client has put there. */
async function putColdFiles(context: CaseContext, count: number): Promise<readonly string[]> {
  const names = Array.from({ length: count }, (_, index) => `cold-${index}`);
  await inParallel(context, 16, names, async (name, index) => {
    await context.store.put(context.store.keyOf(context.path(name)), sealed(index, COLD_BYTES));
  });
  return names;
}

interface Round {
  readonly round: number;
  /** Of files that nobody has read. */
  readonly names: readonly string[];
  /** Lengths of the files that are acknowledged. */
  readonly written: Map<string, number>;
  /** Open from before the first rotation on. */
  readonly log: FileHandle;
}

/** Every worker has turns before the keys change, while they do, and {@link LATE_TURNS} afterwards. */
async function workThroughRotation(context: CaseContext, round: Round): Promise<void> {
  let isRotated = false;
  let turns = 0;
  const unread = [...round.names];
  const turn = async (worker: number, late: number): Promise<void> => {
    if (worker < READERS) await readCold(context, round, unread, isRotated);
    else if (late % 2 === 0) await writeNew(context, round, worker - READERS, (turns += 1));
    else await appendLine(round);
  };
  const rotate = async (): Promise<void> => {
    await delay(BETWEEN_MS, undefined, { signal: context.signal });
    await context.control.rotateCredentials();
    isRotated = true;
  };
  await Promise.all([
    rotate(),
    workers(context, READERS + WRITERS, async (worker) => {
      for (let late = 0; late < LATE_TURNS; late += isRotated ? 1 : 0) {
        context.signal.throwIfAborted();
        await turn(worker, late);
      }
    }),
  ]);
}

/** Half of the cold files are left for after the rotation. */
async function readCold(
  context: CaseContext,
  { names }: Round,
  unread: string[],
  isRotated: boolean,
): Promise<void> {
  const mayTake = isRotated || unread.length > names.length / 2;
  const name = (mayTake ? unread.pop() : undefined) ?? names.at(-1) ?? '';
  const content = await readFile(context.path(name));
  equal(content.length, COLD_BYTES, `size of ${name}`);
  expectSealed(content, `content of ${name}`);
}

async function writeNew(
  context: CaseContext,
  { round, written }: Round,
  writer: number,
  turn: number,
): Promise<void> {
  const name = `new-${round}-${writer}-${turn}`;
  const content = sealed(round * 1_000_003 + turn, WRITE_BYTES[writer] ?? 0);
  const file = await open(context.path(name), 'wx');
  try {
    await file.write(content);
    await file.sync();
    written.set(name, content.length);
  } finally {
    await file.close();
  }
}

const LINE = `${'line of a log '.repeat(8)}\n`;

async function appendLine({ log, written }: Round): Promise<void> {
  await log.appendFile(LINE);
  await log.sync();
  written.set('log', (written.get('log') ?? 0) + LINE.length);
}

/** In the bucket, which is asked with keys that do not change. */
async function expectAll(context: CaseContext, written: ReadonlyMap<string, number>): Promise<void> {
  await inParallel(context, 4, [...written], async ([name, lengthBytes]) => {
    const key = context.store.keyOf(context.path(name));
    equal((await context.store.head(key)).sizeBytes, lengthBytes, `size in the bucket of ${name}`);
    const content = await readFile(context.path(name));
    equal(content.length, lengthBytes, `size of ${name}`);
    if (name !== 'log') expectSealed(content, `content of ${name}`);
  });
}

defineGroup(group);
