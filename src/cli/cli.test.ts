import { execa } from 'execa';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pLimit from 'p-limit';
import { compiledModule } from '../config/paths.js';
import { startEmulator, type Emulator } from '../emulator/emulator.js';
import { createBucketAdmin } from '../s3/admin.js';
import { COMMANDS } from './commands/index.js';
import { BAD_BENCH_INPUT } from './testing/bad-bench-input.js';
import { BAD_SUITE_INPUT } from './testing/bad-suite-input.js';
import { BAD_INPUT, type BadInput } from './testing/bad-input.js';
import {
  leftoversAt,
  loadedModules,
  makePlace,
  NOTHING_LEFT,
  startObjectfs,
  until,
  type Leftovers,
} from './testing/command-line.js';

/** Names in the working directory of each command. */
const WORK = ['empty', 'full', 'file', 'unknown-key.yaml', 'no-json', 'damaged', 'newer'];

const ALL_BAD_INPUT = [...BAD_INPUT, ...BAD_BENCH_INPUT, ...BAD_SUITE_INPUT];

interface Outcome {
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
  readonly left: Leftovers;
}

async function fillWork(work: string): Promise<void> {
  const at = (name: string): string => join(work, name);
  for (const name of ['empty', 'full', 'no-json', 'damaged', 'newer']) await mkdir(at(name));
  await writeFile(at('file'), 'a file');
  await writeFile(at('full/of'), 'files');
  await writeFile(at('unknown-key.yaml'), 'transfer:\n  chunksize: 8MiB\n');
  await writeFile(at('no-json/results.json'), '{');
  await writeFile(at('damaged/results.json'), '{"schemaVersion":1,"extra":1}');
  await writeFile(at('newer/results.json'), '{"schemaVersion":77}');
}

describe('bad input', () => {
  const limit = pLimit(2);
  const outcomes = new Map<string, Promise<Outcome>>();
  let emulator: Emulator;

  function filled(text: string): string {
    const { endpoint, credentials } = emulator;
    return text
      .replace('{url}', endpoint)
      .replace('{port}', new URL(endpoint).port)
      .replace('{key}', credentials.accessKeyId)
      .replace('{secret}', credentials.secretAccessKey);
  }

  async function outcomeOf({ args, env = {} }: BadInput): Promise<Outcome> {
    const place = await makePlace();
    try {
      await fillWork(place.work);
      const environment = Object.fromEntries(Object.entries(env).map(([name, text]) => [name, filled(text)]));
      const { exitCode, stdout, stderr } = await startObjectfs(place, args.map(filled), { environment });
      return { exitCode, stdout, stderr, left: await leftoversAt(place, WORK) };
    } finally {
      await place.remove();
    }
  }

  beforeAll(async () => {
    emulator = await startEmulator();
    const admin = createBucketAdmin({ ...emulator, forcePathStyle: true });
    await admin.create('there');
    admin.close();
    for (const input of ALL_BAD_INPUT) {
      const outcome = limit(() => outcomeOf(input));
      outcome.catch(() => undefined); // its test tells
      outcomes.set(input.says, outcome);
    }
  });
  afterAll(async () => {
    await Promise.allSettled(outcomes.values());
    await emulator.close();
  }, 300_000);

  test.each(ALL_BAD_INPUT)(
    '$says is one clear line with a remedy, exit code 2, and nothing is left',
    async ({ says, line }) => {
      const outcome = await outcomes.get(says);
      expect(outcome).toEqual({
        exitCode: 2,
        stdout: '',
        stderr: expect.stringMatching(/^objectfs: [^\n]+\. [^\n]+$/) as string,
        left: NOTHING_LEFT,
      });
      expect(outcome?.stderr).toMatch(line);
      expect(outcome?.stderr).not.toMatch(/^\s+at /m);
    },
    300_000,
  );

  test('no command made a bucket', async () => {
    await Promise.allSettled(outcomes.values());
    const admin = createBucketAdmin({ ...emulator, forcePathStyle: true });
    expect((await admin.listBuckets()).map(({ name }) => name)).toEqual(['there']);
    admin.close();
  }, 300_000);
});

describe('help', () => {
  const names = COMMANDS.map(({ command }) => String(command).split(' ')[0] ?? '');

  test.each(names)(
    '%s --help shows examples',
    async (name) => {
      const place = await makePlace();
      const { exitCode, stdout, stderr } = await startObjectfs(place, [name, '--help']);
      await place.remove();
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
      expect(stdout).toContain(`objectfs ${name}`);
      expect(stdout).toMatch(/Examples:\n\s+objectfs /);
    },
    60_000,
  );

  test('loads no heavy module, which is what keeps it under half a second', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'objectfs-coverage-'));
    try {
      await execa(process.execPath, [compiledModule('src/cli/main.js'), '--help'], {
        env: { NODE_V8_COVERAGE: folder },
      });
      // Not the modules of Node itself: how many it loads differs from version to version.
      const files = (await loadedModules(folder)).filter((url) => url.startsWith('file:'));
      const packages = files.map((url) => /node_modules\/((@[^/]+\/)?[^/]+)/.exec(url)?.[1]);
      expect(packages).toContain('yargs');
      expect(new Set(packages.filter((name) => name !== undefined)).size).toBeLessThan(12);
      expect(files.length).toBeLessThan(100);
    } finally {
      await rm(folder, { recursive: true });
    }
  }, 60_000);
});

describe('serve', () => {
  test.each(['SIGINT', 'SIGTERM'] as const)(
    'ends with 0 on %s and leaves nothing',
    async (signal) => {
      const place = await makePlace();
      const child = startObjectfs(place, ['serve', '--port', '0', '--bucket', 'demo']);
      let output = '';
      child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
      await until('the exports', () => (output.includes('AWS_SECRET_ACCESS_KEY') ? true : undefined));
      child.kill(signal);
      expect((await child).exitCode).toBe(0);
      expect(await leftoversAt(place)).toEqual(NOTHING_LEFT);
      await place.remove();
    },
    60_000,
  );
});
