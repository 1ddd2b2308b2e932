import { chmod, chown, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import pLimit from 'p-limit';
import { startEmulator, type Emulator } from '../emulator/emulator.js';
import { describeMount } from '../harness/testing/mount-tests.js';
import { createBucketAdmin, type BucketAdmin } from '../s3/admin.js';
import { createStore } from '../s3/client.js';
import {
  leftoversAt,
  makePlace,
  NOTHING_LEFT,
  startObjectfs,
  until,
  type Leftovers,
  type Place,
} from './testing/command-line.js';

/** A user without rights: nobody on Debian. */
const NOBODY = 65_534;

/** When Ctrl-C comes: something that the command has written to stderr, or to the ledger. */
interface Moment {
  readonly when: string;
  readonly stderr?: RegExp;
  readonly ledger?: string;
}

interface Stopped {
  readonly says: string;
  readonly args: readonly string[];
  readonly external: boolean;
  /** To the whole process group, as a terminal does it; else to the command alone. */
  readonly group: boolean;
  readonly moment: Moment;
}

const BENCH = ['bench', '--sizes', '1MiB', '--blocks', '2'];
// Few cases, so that the first of them is soon done on a slow machine.
const STRESS = ['suite', 'stress', '--filter', 'mixed'];
const TWO_SUITES = ['suite', 'posix', 'range', '--filter', 'chmod,direct'];

const RUN_OPENED: Moment = { when: 'at the start', ledger: '"line":"run"' };
const BUCKET: Moment = { when: 'when its bucket is made', ledger: '"line":"bucket"' };
const DAEMON: Moment = { when: 'when its daemon starts', ledger: '"line":"mount"' };
const BOTH: Moment = { when: 'when both suites have a bucket', ledger: 'objectfs-range-' };
const CASES: Moment = { when: 'in its cases', stderr: /on objectfs: [1-9]\d*\// };
const BLOCKS: Moment = { when: 'in its blocks', stderr: /verifying: \d+\// };

function stopped(args: readonly string[], moment: Moment, external: boolean, group: boolean): Stopped {
  const where = external ? 'an external endpoint' : 'the embedded server';
  const whom = group ? 'to the whole group' : 'to the command alone';
  const says = `${args.slice(0, 2).join(' ')} on ${where}, Ctrl-C ${whom} ${moment.when}`;
  return { says, args, external, group, moment };
}

const STOPPED: readonly Stopped[] = [
  stopped(BENCH, RUN_OPENED, false, true),
  stopped(BENCH, BUCKET, true, false),
  stopped(BENCH, BLOCKS, false, true),
  stopped(BENCH, BLOCKS, true, true),
  stopped(BENCH, BLOCKS, true, false),
  stopped(STRESS, RUN_OPENED, true, true),
  stopped(STRESS, DAEMON, true, true),
  stopped(STRESS, DAEMON, false, false),
  stopped(TWO_SUITES, BOTH, false, true),
  stopped(STRESS, CASES, false, true),
  stopped(STRESS, CASES, true, true),
  stopped(STRESS, CASES, true, false),
];

interface Outcome {
  readonly exitCode: number | undefined;
  readonly stderr: string;
  readonly left: Leftovers;
}

describeMount('the command line with a mount', () => {
  const limit = pLimit(2);
  const outcomes = new Map<string, Promise<Outcome>>();
  let emulator: Emulator;
  let admin: BucketAdmin;
  let aws: Record<string, string>;
  let place: Place;

  beforeAll(async () => {
    emulator = await startEmulator();
    const { endpoint, region, credentials } = emulator;
    admin = createBucketAdmin({ endpoint, region, credentials, forcePathStyle: true });
    await admin.create('there');
    aws = {
      AWS_ENDPOINT_URL: endpoint,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    };
    for (const plan of STOPPED) {
      const outcome = limit(() => stop(plan));
      outcome.catch(() => undefined); // its test tells
      outcomes.set(plan.says, outcome);
    }
  });
  afterAll(async () => {
    await Promise.allSettled(outcomes.values());
    admin.close();
    await emulator.close();
  }, 300_000);
  beforeEach(async () => {
    place = await makePlace();
    await mkdir(join(place.work, 'mnt'));
  });
  afterEach(async () => {
    expect((await leftoversAt(place, ['mnt'])).mounts).toEqual([]);
    await place.remove();
  });

  async function stop(plan: Stopped): Promise<Outcome> {
    const own = await makePlace();
    try {
      return await stopAt(own, plan);
    } finally {
      await own.remove();
    }
  }

  async function stopAt(own: Place, { args, external, group, moment }: Stopped): Promise<Outcome> {
    const endpoint = external ? ['--endpoint', emulator.endpoint] : [];
    const environment = external ? aws : {};
    const child = startObjectfs(own, [...args, ...endpoint], { environment, group });
    let seen = '';
    child.stderr.on('data', (chunk: Buffer) => (seen += chunk.toString()));
    try {
      await until(moment.when, async () => {
        if (child.exitCode !== null) throw new Error(`It ended before: ${seen}`);
        if (moment.stderr?.test(seen) === true) return true;
        const ledger = await readFile(own.ledger.path, 'utf8').catch(() => '');
        return moment.ledger !== undefined && ledger.includes(moment.ledger) ? true : undefined;
      });
    } catch (reason) {
      child.kill('SIGTERM');
      await child;
      throw reason;
    }
    process.kill(group ? -(child.pid ?? 0) : (child.pid ?? 0), 'SIGINT');
    const { exitCode, stderr } = await child;
    return { exitCode, stderr, left: await leftoversAt(own) };
  }

  test.each(STOPPED)(
    '$says ends with 130 and leaves nothing',
    async ({ says }) => {
      const { exitCode, stderr, left } = await (outcomes.get(says) ?? Promise.reject(new Error('not run')));
      expect({ exitCode, left, stderr }).toEqual({
        exitCode: 130,
        left: NOTHING_LEFT,
        stderr: expect.stringMatching(
          /objectfs: SIGINT: cleaning up[^]*\nobjectfs: Stopped by SIGINT$/,
        ) as string,
      });
      expect(stderr).not.toMatch(/^\s+at |"level":[56]0/m);
    },
    300_000,
  );

  test('stopped runs left no bucket at the endpoint', async () => {
    await Promise.allSettled(outcomes.values());
    expect((await admin.listBuckets()).map(({ name }) => name)).toEqual(['there']);
  }, 300_000);

  test('a bucket that can not be removed after Ctrl-C is told, and stands in the ledger', async () => {
    const lost = await startEmulator({ credentials: emulator.credentials });
    const args = [...BENCH, '--endpoint', lost.endpoint];
    const child = startObjectfs(place, args, { environment: { ...aws, AWS_ENDPOINT_URL: lost.endpoint } });
    let seen = '';
    child.stderr.on('data', (chunk: Buffer) => (seen += chunk.toString()));
    await until('blocks', () => (/verifying: \d+\//.test(seen) ? true : undefined));
    child.kill('SIGINT');
    await lost.close();
    const { exitCode, stderr } = await child;
    expect(exitCode).toBe(130);
    expect(stderr).toMatch(/^The bucket objectfs-bench-\S+ at http\S+ is left .*objectfs buckets sweep$/m);
    const { runs, ...rest } = await leftoversAt(place, ['mnt']);
    expect(rest).toEqual({ mounts: [], processes: [], files: [] });
    expect(runs).toHaveLength(1);
  }, 120_000);

  test('mount --foreground saves a file that was just written and unmounts on SIGINT', async () => {
    const options = { environment: aws, group: true };
    const child = startObjectfs(place, ['mount', 's3://there', 'mnt', '--foreground'], options);
    let seen = '';
    child.stderr.on('data', (chunk: Buffer) => (seen += chunk.toString()));
    await until('the mount', () => (seen.includes('is mounted on') ? true : undefined));
    await writeFile(join(place.work, 'mnt/just-written'), 'kept');
    process.kill(-(child.pid ?? 0), 'SIGINT');
    expect((await child).exitCode).toBe(0);
    const { endpoint, region, credentials } = emulator;
    const store = createStore({ endpoint, region, credentials, forcePathStyle: true }, 'there');
    expect((await store.head('just-written')).sizeBytes).toBe(4);
    store.close();
    expect(await leftoversAt(place, ['mnt'])).toEqual(NOTHING_LEFT);
  }, 60_000);

  test('a mount on a directory that is mounted already is refused, and the first one stays', async () => {
    const mounted = await startObjectfs(place, ['mount', 's3://there', 'mnt'], { environment: aws });
    expect(mounted.exitCode).toBe(0);
    try {
      const again = await startObjectfs(place, ['mount', 's3://there', 'mnt'], { environment: aws });
      expect({ exitCode: again.exitCode, stderr: again.stderr }).toEqual({
        exitCode: 2,
        stderr: expect.stringMatching(
          /^objectfs: \S+ is a mount already .*Unmount it first[^\n]*$/,
        ) as string,
      });
    } finally {
      expect((await startObjectfs(place, ['unmount', 'mnt'])).exitCode).toBe(0);
    }
    // The daemon answers when all is saved, and ends a moment later.
    await until('the end of the daemon', async () =>
      isDeepStrictEqual(await leftoversAt(place, ['mnt']), NOTHING_LEFT) ? true : undefined,
    );
  }, 60_000);

  test.each(['mount', 'suite'])(
    '%s by a user without rights to mount is one clear line',
    async (name) => {
      await chmod(place.folder, 0o755);
      for (const folder of ['home', 'tmp', 'work', 'work/mnt']) {
        await chown(join(place.folder, folder), NOBODY, NOBODY);
      }
      await mkdir(join(place.folder, 'state'));
      await chown(join(place.folder, 'state'), NOBODY, NOBODY);
      const args = name === 'mount' ? ['mount', 's3://there', 'mnt'] : ['suite', 'range'];
      const own = { PATH: '/nonexistent', XDG_RUNTIME_DIR: join(place.folder, 'tmp/run') };
      await mkdir(own.XDG_RUNTIME_DIR);
      await chown(own.XDG_RUNTIME_DIR, NOBODY, NOBODY);
      const options = { uid: NOBODY, environment: { ...aws, ...own } };
      const { exitCode, stderr } = await startObjectfs(place, args, options);
      expect({ exitCode, stderr }).toEqual({
        exitCode: 2,
        stderr: expect.stringMatching(/^objectfs: [^\n]*fusermount3[^\n]*mount as root$/) as string,
      });
      expect(await leftoversAt(place, ['mnt'])).toEqual({ ...NOTHING_LEFT, files: ['run'] });
    },
    60_000,
  );
});
