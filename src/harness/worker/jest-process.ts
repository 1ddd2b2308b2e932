import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { execa } from 'execa';
import { z } from 'zod';
import { compiledModule, packageRoot } from '../../config/paths.js';
import { RUN_PLAN_VARIABLE } from '../api/plan.js';

/** What Jest's `--json` file says of a test file; the rest of it is in the events. */
const jestJsonSchema = z.object({
  testResults: z.array(
    z.object({
      name: z.string(),
      message: z.string(),
      status: z.string(),
      assertionResults: z.array(z.unknown()),
    }),
  ),
});

/** The test file, which loads those of the suite. */
const SUITE_FILES = compiledModule('src/harness/worker/suite-files.js');

/** A suite file that Jest could not run at all. */
export interface UnloadableFile {
  readonly file: string;
  readonly message: string;
}

export interface JestEnd {
  /** `exit code 1`, `signal SIGKILL`: for reasons. */
  readonly how: string;
  /** Whether Jest came to its own end, with or without failed tests. */
  readonly finished: boolean;
  readonly unloadable: readonly UnloadableFile[];
  /** The last lines that it wrote, for reasons and logs. */
  readonly lastOutput: string;
}

/** A Jest process on one suite. */
export interface JestProcess {
  readonly pid: number;
  readonly ended: Promise<JestEnd>;
  kill(): void;
}

/** What execa says of a process that ended. */
interface ChildEnd {
  readonly exitCode?: number | undefined;
  readonly signal?: string | undefined;
  readonly all?: unknown;
}

/** Where the compiled files of a suite are. */
export function suiteFolder(suite: string): string {
  return compiledModule(join('suites', suite));
}

/**
 * Starts Jest as a process of its own, without transforms: native ES modules.
 *
 * @param planFile - The run plan of `protocol.ts`; its `load` names the compiled files of the suite.
 * @param resultFile - Where Jest writes its own results.
 */
export function startJest(planFile: string, resultFile: string): JestProcess {
  const child = execa(
    process.execPath,
    [
      '--experimental-vm-modules',
      '--disable-warning=ExperimentalWarning',
      compiledModule('src/harness/worker/main.js'),
      '--config',
      JSON.stringify(jestConfig(dirname(resultFile))),
      '--runInBand',
      '--forceExit',
      '--json',
      `--outputFile=${resultFile}`,
    ],
    {
      cwd: packageRoot,
      env: { [RUN_PLAN_VARIABLE]: planFile },
      ipc: true,
      // The worker ends with the channel. Execa's own way listens for signals, and ends this process at the first one
      // where our listener is a once-listener, before the clean-up.
      cleanup: false,
      serialization: 'json',
      reject: false,
      stdin: 'ignore',
      all: true,
      maxBuffer: 1_000_000,
    },
  );
  return {
    pid: child.pid ?? 0,
    ended: waitForEnd(child, resultFile),
    kill: () => {
      child.kill('SIGKILL');
    },
  };
}

function jestConfig(runFolder: string): Record<string, unknown> {
  return {
    rootDir: dirname(SUITE_FILES),
    testEnvironment: 'node',
    testMatch: [`**/${basename(SUITE_FILES)}`],
    // The package may itself lie below a node_modules folder.
    testPathIgnorePatterns: [],
    haste: { retainAllFiles: true },
    transform: {},
    // The worker keeps the limit of each case itself; Jest's own must never come first.
    testTimeout: 3_600_000,
    cache: false,
    // Its map of files is written all the same: it goes with the run.
    cacheDirectory: join(runFolder, 'jest-cache'),
  };
}

async function waitForEnd(child: PromiseLike<ChildEnd>, resultFile: string): Promise<JestEnd> {
  const result = await child;
  const output = typeof result.all === 'string' ? result.all : '';
  const json = await readJestJson(resultFile);
  return {
    how:
      result.signal === undefined ? `exit code ${result.exitCode ?? 'unknown'}` : `signal ${result.signal}`,
    finished: json !== undefined,
    unloadable: json ?? [],
    lastOutput: output.split('\n').slice(-20).join('\n'),
  };
}

async function readJestJson(path: string): Promise<readonly UnloadableFile[] | undefined> {
  try {
    const json = jestJsonSchema.parse(JSON.parse(await readFile(path, 'utf8')));
    return json.testResults
      .filter((entry) => entry.status === 'failed' && entry.assertionResults.length === 0)
      .map((entry) => ({ file: basename(entry.name), message: entry.message }));
  } catch {
    return undefined;
  }
}
