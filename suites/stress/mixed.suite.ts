import { open, readFile, readdir, rename, writeFile } from 'node:fs/promises';
import {
  CaseList,
  codeOf,
  createRandom,
  defineGroup,
  equal,
  ok,
  type CaseContext,
  type Tier,
} from '../../src/harness/api/index.js';
import { Progress } from './shared/progress.js';
import { expectSealed, sealed } from './shared/sealed.js';

const KIB = 1024;
const MIB = 1024 * KIB;

/** How many workers of each kind there are, what they work on, and how long. */
interface Scenario {
  readonly name: string;
  readonly says: string;
  readonly workers: Readonly<Record<Kind, number>>;
  /** Names that readers and writers share. */
  readonly files: number;
  /** The largest file. */
  readonly mostBytes: number;
  /** Turns of each worker; `soak` has a duration instead. */
  readonly turns?: number;
  readonly durationMs?: number;
  readonly tier: Tier;
}

type Kind = 'writers' | 'readers' | 'renamers' | 'listers' | 'appenders';

const SCENARIOS: readonly Scenario[] = [
  {
    name: 'few-of-each',
    says: 'small files',
    workers: { writers: 2, readers: 2, renamers: 1, listers: 1, appenders: 2 },
    files: 6,
    mostBytes: 64 * KIB,
    turns: 12,
    tier: 'quick',
  },
  {
    name: 'many-of-each',
    says: 'files of up to 1 MiB',
    workers: { writers: 8, readers: 8, renamers: 4, listers: 4, appenders: 8 },
    files: 24,
    mostBytes: MIB,
    turns: 20,
    tier: 'full',
  },
  {
    name: 'readers-on-one-name',
    says: 'one name that all want',
    workers: { writers: 4, readers: 24, renamers: 0, listers: 4, appenders: 0 },
    files: 1,
    mostBytes: 300 * KIB,
    turns: 20,
    tier: 'full',
  },
  {
    name: 'large-files',
    says: 'files of up to 48 MiB, which go out in parts while they are written',
    workers: { writers: 4, readers: 4, renamers: 1, listers: 1, appenders: 1 },
    files: 4,
    mostBytes: 48 * MIB,
    turns: 6,
    tier: 'soak',
  },
  {
    name: 'ten-minutes',
    says: 'files of up to 4 MiB for ten minutes',
    workers: { writers: 8, readers: 16, renamers: 4, listers: 4, appenders: 8 },
    files: 64,
    mostBytes: 4 * MIB,
    durationMs: 600_000,
    tier: 'soak',
  },
];

/** One worker at its turn. */
interface Turn {
  readonly context: CaseContext;
  readonly scenario: Scenario;
  readonly worker: number;
  readonly turn: number;
  readonly random: () => number;
  /** One call, counted. */
  readonly step: <T>(what: string, call: () => Promise<T>) => Promise<T>;
  /** A read was answered with ESTALE: told in the report. */
  readonly onStale: () => void;
}

const WORK: Readonly<Record<Kind, (turn: Turn) => Promise<void>>> = {
  /** A safe save: readers of the name see one version or the other. */
  async writers({ context, scenario, worker, turn, random, step }) {
    const draft = context.path(`.draft-${worker}`);
    const name = `file-${pick(random, scenario.files)}`;
    const content = sealed(worker * 1_000_003 + turn, 8 + pick(random, scenario.mostBytes - 8));
    await step(`write of ${draft}`, () => writeFile(draft, content));
    await step(`rename of ${draft} over ${name}`, () => rename(draft, context.path(name)));
  },
  async readers({ context, scenario, random, step, onStale }) {
    const name = `file-${pick(random, scenario.files)}`;
    const content = await step(`read of ${name}`, () => readIfNotStale(context.path(name)));
    if (content === undefined) onStale();
    else expectSealed(content, `content of ${name}`);
  },
  async renamers({ context, worker, turn, step }) {
    const [from, to] = turn % 2 === 0 ? ['here', 'there'] : ['there', 'here'];
    const path = (place: string): string => context.path(`mover-${worker}-${place}`);
    await step(`rename of ${path(from)}`, () => rename(path(from), path(to)));
    const content = await step(`read of ${path(to)}`, () => readFile(path(to)));
    expectSealed(content, `content of mover ${worker}`);
  },
  async listers({ context, scenario, step }) {
    const names = await step('listing', () => readdir(context.directory));
    equal(new Set(names).size, names.length, 'count of different names in a listing');
    for (let file = 0; file < scenario.files; file += 1)
      ok(names.includes(`file-${file}`), `a listing has file-${file}, which is never away`);
  },
  async appenders({ context, worker, turn, step }) {
    const file = await step('open of the log', () => open(context.path('log'), 'a'));
    try {
      await step('append', () => file.write(`${worker} ${turn}\n`));
    } finally {
      await step('close of the log', () => file.close());
    }
  },
};

/**
 * undefined: replaced between look-up and open, and again when the kernel looked up once more. ESTALE is an honest answer
 * of a file system whose replaced objects are gone.
 */
async function readIfNotStale(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (reason) {
    if (codeOf(reason) === 'ESTALE') return undefined;
    throw reason;
  }
}

const group = new CaseList('stress', 'mixed', {
  operations: ['read', 'write', 'rename', 'readdir', 'append'],
});

for (const scenario of SCENARIOS) {
  const kinds = Object.entries(scenario.workers).filter(([, count]) => count > 0);
  const who = kinds.map(([kind, count]) => `${count} ${kind}`).join(', ');
  group.add(
    scenario.name,
    `${who} on ${scenario.says}: none stands still, none sees a mixture, nothing is lost`,
    (context) => run(context, scenario),
    { tier: scenario.tier, timeoutMs: 120_000 + (scenario.durationMs ?? 0) },
  );
}

async function run(context: CaseContext, scenario: Scenario): Promise<void> {
  const crew = crewOf(scenario);
  for (let file = 0; file < scenario.files; file += 1)
    await writeFile(context.path(`file-${file}`), sealed(file, 4_000 + file));
  await writeFile(context.path('log'), '');
  for (const { kind, worker } of crew)
    if (kind === 'renamers') await writeFile(context.path(`mover-${worker}-here`), sealed(worker, 5_000));
  const progress = new Progress();
  const beganMs = performance.now();
  const turns = new Map<number, number>();
  let stale = 0;
  const onStale = (): void => {
    stale += 1;
  };
  const work = crew.map(async ({ kind, worker }) => {
    const random = createRandom(context.seed + worker);
    const step: Turn['step'] = (what, call) => progress.step(worker, what, call);
    for (let turn = 0; goesOn(scenario, turn, beganMs); turn += 1) {
      context.signal.throwIfAborted();
      await WORK[kind]({ context, scenario, worker, turn, random, step, onStale });
      turns.set(worker, turn + 1);
    }
  });
  await progress.watch(context, Promise.all(work));
  await expectNothingLost(context, crew, turns);
  context.note(
    `${progress.done} calls of ${crew.length} workers in ${Math.round(performance.now() - beganMs)} ms, ` +
      `${stale} reads of a name that was replaced again and again ended with ESTALE`,
  );
}

type Crew = readonly { readonly kind: Kind; readonly worker: number }[];

function crewOf({ workers }: Scenario): Crew {
  // Object.entries forgets that the keys are those of the record.
  const kinds = Object.entries(workers) as readonly (readonly [Kind, number])[];
  return kinds
    .flatMap(([kind, count]) => Array.from({ length: count }, () => kind))
    .map((kind, worker) => ({ kind, worker }));
}

function goesOn(
  { turns = Infinity, durationMs = Infinity }: Scenario,
  turn: number,
  beganMs: number,
): boolean {
  return turn < turns && performance.now() - beganMs < durationMs;
}

async function expectNothingLost(
  context: CaseContext,
  crew: Crew,
  turns: ReadonlyMap<number, number>,
): Promise<void> {
  const lines = (await readFile(context.path('log'), 'utf8')).split('\n').slice(0, -1);
  for (const { kind, worker } of crew) {
    const done = turns.get(worker) ?? 0;
    if (kind === 'renamers') {
      const place = done % 2 === 0 ? 'here' : 'there';
      expectSealed(await readFile(context.path(`mover-${worker}-${place}`)), `mover ${worker} at the end`);
    }
    if (kind !== 'appenders') continue;
    const own = lines.filter((line) => line.startsWith(`${worker} `));
    equal(
      own,
      Array.from({ length: done }, (_, turn) => `${worker} ${turn}`),
      `lines of appender ${worker}`,
    );
  }
  for (const name of (await readdir(context.directory)).filter((each) => each.startsWith('file-')))
    expectSealed(await readFile(context.path(name)), `content of ${name} at the end`);
}

function pick(random: () => number, below: number): number {
  return Math.floor(random() * below);
}

defineGroup(group);
