/**
 * Rounds of writing, `kill -9` of the mount daemon at a random moment, and a cold remount: every byte that fsync or
 * close had acknowledged must be there, through the mount and straight from S3, and no upload and no temporary object
 * may be left. `npm run crash -- --rounds 200 --seed 1`; exits with 1 on the first round that finds a fault.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { mixSeed } from '../src/harness/api/seeded.js';
import { createRandom } from '../src/random/random.js';
import type { MountPlan } from '../src/mount/plan.js';
import { startMount, type RunningMount } from '../src/mount/start.js';
import type { ObjectStore } from '../src/s3/store.js';
import { withBench } from './crash/bench.js';
import { newSeed, scriptFlags, wholeNumber } from './flags.js';
import { digestsOfMount, digestsOfStore, leftInStore } from './crash/check.js';
import { Manifest } from '../suites/stress/shared/manifest.js';
import { Writer } from '../suites/stress/shared/writer.js';

/** The daemon lives this long at least and at most in a round, after the writers have begun. */
const LIFE_MS = { least: 20, most: 1_500 };

const about = 'Kills a mount at random moments under load, and looks for every byte that was acknowledged';
const flags = scriptFlags('crash', about)
  .option('rounds', wholeNumber('rounds', 'Times that the mount is killed', 20, 1))
  .option('writers', wholeNumber('writers', 'Of files and directories, side by side', 4, 1))
  .option('seed', wholeNumber('seed', 'Of all that is random', newSeed()))
  .option('write-back', { type: 'boolean', default: false, describe: 'Mount with mount.writeBack' })
  .parseSync();
const { rounds, writers: writerCount, seed } = flags;
const random = createRandom(seed);

process.stdout.write(`crash-rounds: ${rounds} rounds, ${writerCount} writers, seed ${seed}\n`);
process.exitCode = (await main()) ? 0 : 1;

async function main(): Promise<boolean> {
  return withBench('objectfs-crash-', runRounds, { writeBack: flags.writeBack });
}

async function runRounds(plan: MountPlan, store: ObjectStore): Promise<boolean> {
  const manifest = new Manifest();
  const foreign = await store.createUpload('writer-0/file-0');
  const writers = Array.from(
    { length: writerCount },
    (_, number) =>
      new Writer(plan.mountPoint, manifest, number, createRandom(mixSeed(seed, `writer ${number}`))),
  );
  let mount = await startMount(plan, { foreground: true });
  for (let round = 1; round <= rounds; round += 1) {
    await writeAndKill(mount, writers);
    mount = await startMount(plan, { foreground: true });
    const faults = [
      ...(await leftInStore(store, foreign)),
      ...(await disagreement(plan, store)),
      ...manifest.settle(await digestsOfStore(store)),
    ];
    const done = writers.reduce((sum, writer) => sum + writer.done, 0);
    process.stdout.write(
      `round ${round}: ${manifest.size} files, ${done} operations acknowledged, ${faults.length} faults\n`,
    );
    for (const fault of faults) process.stdout.write(`  ${fault}\n`);
    if (faults.length > 0) break;
    if (round === rounds) return await end(mount);
  }
  process.stdout.write(
    `Again: npm run crash -- --rounds ${rounds} --writers ${writerCount} --seed ${seed}\n`,
  );
  await end(mount);
  return false;
}

/** What the mount shows and what the bucket holds are the same. */
async function disagreement({ mountPoint }: MountPlan, store: ObjectStore): Promise<readonly string[]> {
  const [shown, stored] = [await digestsOfMount(mountPoint), await digestsOfStore(store)];
  return [...new Set([...shown.keys(), ...stored.keys()])]
    .filter((path) => shown.get(path) !== stored.get(path))
    .map(
      (path) =>
        `${path}: the mount shows ${shown.get(path) ?? 'nothing'}, S3 has ${stored.get(path) ?? 'nothing'}`,
    );
}

async function writeAndKill(mount: RunningMount, writers: readonly Writer[]): Promise<void> {
  const running = Promise.all(writers.map((writer) => writer.run()));
  const lifeMs = LIFE_MS.least + random() * (LIFE_MS.most - LIFE_MS.least);
  await Promise.race([delay(lifeMs), running]);
  for (const writer of writers) writer.stop();
  process.kill(mount.pid, 'SIGKILL');
  await mount.done.catch(() => undefined);
  await running;
}

async function end(mount: RunningMount): Promise<boolean> {
  await mount.unmount();
  await mount.done;
  return true;
}
