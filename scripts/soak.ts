/**
 * A mixed load on one mount for a while, with the daemon's memory, descriptors and timers at intervals: a daemon in good
 * order is flat. `npm run soak -- --minutes 20 --seed 1`; exits with 1 where descriptors or timers grew after half time.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { mixSeed } from '../src/harness/api/seeded.js';
import { createRandom } from '../src/random/random.js';
import { startMount } from '../src/mount/start.js';
import { statusOf } from '../src/mount/status.js';
import type { MountPlan } from '../src/mount/plan.js';
import type { MountStatus } from '../src/mount/observe/status.js';
import { withBench } from './crash/bench.js';
import { digestsOfMount } from './crash/check.js';
import { newSeed, scriptFlags, wholeNumber } from './flags.js';
import { Manifest } from '../suites/stress/shared/manifest.js';
import { Writer } from '../suites/stress/shared/writer.js';

/** Time for what is under way to end. */
const SETTLE_MS = 10_000;
/** What may be more at the end than in the middle of the load. Connections are kept for reuse, so idle is no measure. */
const ALLOWED = { descriptors: 16, timers: 8 };
const SAMPLES = 10;

const about = 'A mixed load on one mount: memory, descriptors and timers of the daemon must stay flat';
const {
  minutes,
  writers: writerCount,
  seed,
} = scriptFlags('soak', about)
  .option('minutes', wholeNumber('minutes', 'Of load', 20, 1))
  .option('writers', wholeNumber('writers', 'Of files and directories, side by side', 4, 1))
  .option('seed', wholeNumber('seed', 'Of all that is random', newSeed()))
  .parseSync();

process.stdout.write(`soak: ${minutes} minutes, ${writerCount} writers, seed ${seed}\n`);
process.exitCode = (await withBench('objectfs-soak-', soak)) ? 0 : 1;

async function soak(plan: MountPlan): Promise<boolean> {
  const mount = await startMount(plan, { foreground: true });
  const manifest = new Manifest();
  const writers = Array.from(
    { length: writerCount },
    (_, number) =>
      new Writer(plan.mountPoint, manifest, number, createRandom(mixSeed(seed, `writer ${number}`))),
  );
  let middle = await sample(plan, 'idle');
  const running = Promise.all(writers.map((writer) => writer.run()));
  for (let count = 1; count <= SAMPLES; count += 1) {
    await Promise.race([delay((minutes * 60_000) / SAMPLES), running]);
    await digestsOfMount(plan.mountPoint).catch(() => undefined); // files come and go while they are read
    const found = await sample(plan, `${((minutes * count) / SAMPLES).toFixed(1)} min`);
    if (count === SAMPLES / 2) middle = found;
  }
  for (const writer of writers) writer.stop();
  await running;
  await delay(SETTLE_MS);
  const after = await sample(plan, 'idle again');
  await mount.unmount();
  const done = writers.reduce((sum, writer) => sum + writer.done, 0);
  const grown = { descriptors: after.descriptors - middle.descriptors, timers: after.timers - middle.timers };
  process.stdout
    .write(`${done} operations; since half time ${grown.descriptors} descriptors and ${grown.timers} timers more
`);
  return grown.descriptors <= ALLOWED.descriptors && grown.timers <= ALLOWED.timers;
}

async function sample({ mountPoint }: MountPlan, when: string): Promise<MountStatus> {
  const status = await statusOf(mountPoint);
  if (status.state !== 'running') throw new Error(`The mount is ${status.state}`);
  const { rssBytes, descriptors, timers, files } = status;
  const mib = (rssBytes / 2 ** 20).toFixed(0);
  process.stdout.write(
    `${when.padStart(10)}: ${mib} MiB resident, ${descriptors} descriptors, ${timers} timers, ${files.openFiles} open, ${files.inodes} inodes\n`,
  );
  return status;
}
