import { open, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import {
  CaseList,
  createRandom,
  defineGroup,
  equal,
  mixSeed,
  ok,
  sameBytes,
  type CaseContext,
} from '../../src/harness/api/index.js';
import { objectBytes } from '../shared/content.js';
import { digestOf, Manifest } from './shared/manifest.js';
import { Writer } from './shared/writer.js';

// The target ends in the middle of work. What it had acknowledged is there afterwards, and nothing half.
const group = new CaseList('stress', 'crash', {
  operations: ['write', 'fsync', 'close', 'rename', 'unlink'],
  needs: ['store', 'remount'],
  tier: 'full',
});

const SCENARIOS = [
  { name: 'sigkill', writers: 3, rounds: 2, lifeMs: 600, tier: 'full', timeoutMs: 180_000 },
  { name: 'sigkill-many-rounds', writers: 6, rounds: 40, lifeMs: 1_500, tier: 'soak', timeoutMs: 1_800_000 },
] as const;

for (const { name, writers, rounds, lifeMs, tier, timeoutMs } of SCENARIOS) {
  group.add(
    name,
    `${writers} programs write while the target is killed ${rounds} times at a random moment: each acknowledged byte is there, in the mount and in the bucket, and no upload is left open`,
    async (context) => {
      const manifest = new Manifest();
      const crew = Array.from(
        { length: writers },
        (_, number) =>
          new Writer(
            context.directory,
            manifest,
            number,
            createRandom(mixSeed(context.seed, `writer ${number}`)),
          ),
      );
      for (let round = 0; round < rounds; round += 1) {
        context.signal.throwIfAborted();
        const running = Promise.all(crew.map((writer) => writer.run()));
        await Promise.race([delay(20 + context.random() * lifeMs), running]);
        for (const writer of crew) writer.stop();
        await context.control.crash();
        await running;
        equal(manifest.settle(await digestsOfMount(context)), [], 'what the mount shows after the crash');
        equal(manifest.settle(await digestsOfBucket(context)), [], 'what the bucket holds after the crash');
        const uploads = await context.store.listUploads('', { signal: context.signal });
        equal(
          uploads.map(({ key }) => key),
          [],
          'open uploads after the crash',
        );
      }
      const done = crew.reduce((sum, writer) => sum + writer.done, 0);
      ok(done > 0, 'something was acknowledged before the crash');
      context.note(`${done} acknowledged operations, ${rounds} crashes`);
    },
    { tier, timeoutMs },
  );
}

group.add(
  'sigterm-with-unsaved-data',
  'what a program has written and not closed when the target is told to end is saved, or reported',
  async (context) => {
    const saved = context.bytes(100_000, 1);
    await writeFile(context.path('closed'), saved);
    const written = context.bytes(700_000, 2);
    const file = await open(context.path('open'), 'w');
    const log = await open(context.path('log'), 'a');
    await file.write(written);
    await log.write('a line\n');
    const said = await context.control.terminate();
    // Their mount is gone: a close can only say so.
    for (const handle of [file, log]) await handle.close().catch(() => undefined);
    sameBytes(await readFile(context.path('closed')), saved, 'a file that was closed before');
    if (said === undefined) {
      sameBytes(await readFile(context.path('open')), written, 'a file that was open');
      equal(await readFile(context.path('log'), 'utf8'), 'a line\n', 'a log that was open');
    } else ok(/open|log/.test(said), `the report says what was not saved: ${said}`);
    context.note(said === undefined ? 'all of it was saved' : `it said: ${said}`);
  },
  { timeoutMs: 120_000 },
);

async function digestsOfMount({ directory }: CaseContext): Promise<ReadonlyMap<string, string>> {
  const digests = new Map<string, string>();
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile()) digests.set(path.slice(directory.length + 1), digestOf(await readFile(path)));
  }
  return digests;
}

async function digestsOfBucket({
  store,
  directory,
  signal,
}: CaseContext): Promise<ReadonlyMap<string, string>> {
  const prefix = `${store.keyOf(directory)}/`;
  const { objects } = await store.list({ prefix, signal });
  const digests = new Map<string, string>();
  for (const { key } of objects) {
    if (!key.endsWith('/'))
      digests.set(key.slice(prefix.length), digestOf(await objectBytes(store, key, signal)));
  }
  return digests;
}

defineGroup(group);
