import { open, readFile, readdir, rename, stat, writeFile, type FileHandle } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { CaseList, codeOf, defineGroup, equal, ok, sameBytes } from '../../src/harness/api/index.js';
import type { CaseContext, FaultRules, Tier } from '../../src/harness/api/index.js';
import { until } from './shared/wait.js';
import { inParallel } from './shared/workers.js';

// The server refuses for a while, in different ways: errors come in bounded time, are honest, and end with the outage.
const group = new CaseList('stress', 'outage', {
  operations: ['read', 'write', 'readdir', 'stat', 'rename'],
  needs: ['store', 'faults'],
  timeoutMs: 60_000,
});

/** How long a target that was told so goes on trying. */
const OPERATION_TIMEOUT_MS = 1_000;
/** Beyond it: a look in half a second, and a busy machine. A hang is a multiple of it. */
const SLACK_MS = 9_000;

interface Outage {
  readonly name: string;
  readonly says: string;
  readonly rules: FaultRules;
  /** What programs may be told meanwhile. */
  readonly errors: readonly string[];
  readonly tier: Tier;
}

const UNAVAILABLE = ['EIO', 'EAGAIN', 'ETIMEDOUT', 'EBUSY', 'EHOSTUNREACH', 'ENETUNREACH', 'ECONNREFUSED'];

const OUTAGES: readonly Outage[] = [
  {
    name: 'refusals',
    says: 'while the server answers 503 to everything',
    rules: { rules: [{ fault: { kind: 'status', status: 503 } }] },
    errors: UNAVAILABLE,
    tier: 'full',
  },
  {
    name: 'errors',
    says: 'while the server answers 500 to everything',
    rules: { rules: [{ fault: { kind: 'status', status: 500 } }] },
    errors: UNAVAILABLE,
    tier: 'soak',
  },
  {
    name: 'resets',
    says: 'while every connection is reset',
    rules: { rules: [{ fault: { kind: 'reset', at: 'before' } }] },
    errors: UNAVAILABLE,
    tier: 'soak',
  },
  {
    name: 'lost-replies',
    says: 'while the server does what it is asked and no reply comes back',
    rules: { rules: [{ fault: { kind: 'lost-reply' } }] },
    errors: UNAVAILABLE,
    tier: 'full',
  },
  {
    name: 'expired-credentials',
    says: 'while the server calls the credentials expired',
    rules: { rules: [{ fault: { kind: 'expired-token' } }] },
    errors: ['EACCES', 'EPERM', 'EIO'],
    tier: 'full',
  },
];

for (const { name, says, rules, errors, tier } of OUTAGES) {
  group.add(
    name,
    `${says} each call ends with an honest error in bounded time; afterwards all goes on without a remount`,
    async (context) => {
      const content = context.bytes(300_000);
      for (const file of ['before', 'old-name']) await writeFile(context.path(file), content);
      await context.control.remount({ operationTimeoutMs: OPERATION_TIMEOUT_MS });
      equal((await readdir(context.directory)).toSorted(), ['before', 'old-name'], 'names before');
      await context.control.setFaults(rules);
      await expectHonestErrors(context, errors);
      await context.control.setFaults(undefined);
      await until(context, 'the end of the outage', 30_000, () => answers(context));
      sameBytes(await readFile(context.path('before')), content, 'content after the outage');
      await writeFile(context.path('after'), content);
      const { sizeBytes } = await context.store.head(context.store.keyOf(context.path('after')));
      equal(sizeBytes, content.length, 'size in the bucket of what was written after the outage');
      await expectNothingHalf(context, content);
    },
    { needs: ['target-settings'], tier },
  );
}

const STORM = { files: 80, programs: 4, sizeBytes: 20_000, readsPerSecond: 40, writesPerSecond: 15 } as const;

group.add(
  'throttled',
  `while the server takes ${STORM.writesPerSecond} writes and ${STORM.readsPerSecond} reads a second, and answers 503 to what is more, ${STORM.programs} programs write ${STORM.files} files: what was acknowledged is whole, and all that was refused goes through afterwards`,
  async (context) => {
    const names = Array.from({ length: STORM.files }, (_none, index) => `file-${index}`);
    const contentOf = (name: string): Buffer =>
      context.bytes(STORM.sizeBytes, Number(name.slice('file-'.length)));
    const { readsPerSecond, writesPerSecond } = STORM;
    await context.control.setFaults({ throttle: { readsPerSecond, writesPerSecond, per: 'bucket' } });
    const refused: string[] = [];
    await inParallel(context, STORM.programs, names, async (name) => {
      const code = await writeFile(context.path(name), contentOf(name)).then(() => undefined, codeOf);
      if (code === undefined) return;
      ok(
        UNAVAILABLE.includes(code),
        `the write of ${name} failed with an honest errno, and not with ${code}`,
      );
      refused.push(name);
    });
    const refusals = (await context.control.faultCounts()).reduce((sum, { fired }) => sum + fired, 0);
    await context.control.setFaults(undefined);
    ok(refusals > 0, 'the server refused requests');
    context.note(`${refusals} requests and ${refused.length} of ${STORM.files} writes were refused`);
    for (const name of refused) await writeFile(context.path(name), contentOf(name));
    for (const name of names) await expectStored(context, name, contentOf(name));
  },
  { operations: ['write', 'close', 'read'], tier: 'full', timeoutMs: 180_000 },
);

const REFUSALS = [
  { name: 'refused-connections', lastsMs: 4_000, tier: 'full', timeoutMs: 60_000 },
  { name: 'refused-connections-for-minutes', lastsMs: 240_000, tier: 'soak', timeoutMs: 600_000 },
] as const;

/** Between two rounds of calls while the server is away. */
const PAUSE_MS = 250;

for (const { name, lastsMs, tier, timeoutMs } of REFUSALS) {
  group.add(
    name,
    `while the server refuses connections for ${lastsMs / 1_000} s each call ends with an honest error in bounded time; what was written stays, and goes out by fsync afterwards, without a remount`,
    async (context) => {
      const content = context.bytes(300_000);
      for (const file of ['before', 'old-name']) await writeFile(context.path(file), content);
      await context.control.remount({ operationTimeoutMs: OPERATION_TIMEOUT_MS });
      equal((await readdir(context.directory)).toSorted(), ['before', 'old-name'], 'names before');
      const { pid } = await context.control.process();
      const unsynced = await open(context.path('unsynced'), 'wx+');
      try {
        await writeHalf(unsynced, content);
        await context.control.setReachable(false);
        await expectHonestFor(context, lastsMs, unsynced);
        await context.control.setReachable(true);
        const backMs = await until(context, 'the end of the outage', 30_000, () => answers(context));
        context.note(`the first answer came ${Math.round(backMs)} ms after the server was back`);
        await unsynced.sync();
      } finally {
        await unsynced.close();
      }
      equal((await context.control.process()).pid, pid, 'process of the target');
      await expectStored(context, 'unsynced', content);
      await writeFile(context.path('after'), content);
      for (const file of ['before', 'after']) await expectStored(context, file, content);
      await expectNothingHalf(context, content);
    },
    {
      operations: ['read', 'write', 'fsync', 'readdir', 'stat', 'rename'],
      needs: ['target-settings'],
      tier,
      timeoutMs,
    },
  );
}

/** The first half is acknowledged, and the second is with the target only. */
async function writeHalf(file: FileHandle, content: Buffer): Promise<void> {
  const half = content.length / 2;
  await file.write(content, 0, half, 0);
  await file.sync();
  await file.write(content, half, half, half);
}

async function expectHonestFor(context: CaseContext, lastsMs: number, unsynced: FileHandle): Promise<void> {
  const beganMs = performance.now();
  let rounds = 0;
  for (; performance.now() - beganMs < lastsMs; rounds += 1) {
    await expectHonestErrors(context, UNAVAILABLE);
    const isRefused = await expectHonest('fsync of what was written before', UNAVAILABLE, () =>
      unsynced.sync(),
    );
    ok(isRefused, 'fsync does not acknowledge what no server has taken');
    await delay(PAUSE_MS, undefined, { signal: context.signal });
  }
  context.note(`${rounds} rounds of calls during the outage`);
}

/** In the mount, and in the bucket. */
async function expectStored(context: CaseContext, file: string, content: Buffer): Promise<void> {
  sameBytes(await readFile(context.path(file)), content, `content of ${file} after the outage`);
  const { body } = await context.store.get(context.store.keyOf(context.path(file)));
  sameBytes(await buffer(body), content, `content of ${file} in the bucket`);
}

/** Not more at a time than Node's pool has threads. A call that needs no server may succeed, if not all do. */
async function expectHonestErrors(context: CaseContext, errors: readonly string[]): Promise<void> {
  const calls: Readonly<Record<string, () => Promise<unknown>>> = {
    'read of a file': () => readFile(context.path('before')),
    'stat of a name that is not there': () => stat(context.path('missing')),
    'write of a new file': () => writeFile(context.path('during'), context.bytes(300_000)),
    rename: () => rename(context.path('old-name'), context.path('new-name')),
  };
  const failed = await Promise.all(
    Object.entries(calls).map(([what, call]) => expectHonest(what, errors, call)),
  );
  ok(failed.includes(true), 'the outage was felt at all');
}

/** @returns Whether the call failed. */
async function expectHonest(
  what: string,
  errors: readonly string[],
  call: () => Promise<unknown>,
): Promise<boolean> {
  const beganMs = performance.now();
  const code = await call().then(
    () => undefined,
    (reason: unknown) => codeOf(reason) ?? 'no errno',
  );
  const tookMs = performance.now() - beganMs;
  ok(tookMs < OPERATION_TIMEOUT_MS + SLACK_MS, `${what} ended in bounded time (${Math.round(tookMs)} ms)`);
  if (code === undefined) return false;
  ok(errors.includes(code), `${what} failed with one of ${errors.join(', ')}, and not with ${code}`);
  return true;
}

/** What failed may have happened or not, but not by half. */
async function expectNothingHalf(context: CaseContext, content: Buffer): Promise<void> {
  const names = await readdir(context.directory);
  const renamed = names.filter((name) => name.endsWith('-name'));
  ok(renamed.length > 0, 'the file that was renamed has its old name or its new one');
  for (const name of renamed) sameBytes(await readFile(context.path(name)), content, `content of ${name}`);
  if (!names.includes('during')) return;
  const seen = await readFile(context.path('during'));
  if (seen.length > 0) sameBytes(seen, content, 'content of what was written during the outage');
}

async function answers(context: CaseContext): Promise<boolean> {
  return readdir(context.directory).then(
    () => true,
    () => false,
  );
}

defineGroup(group);
