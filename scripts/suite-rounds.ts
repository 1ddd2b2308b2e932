/**
 * The quick tier of all suites again and again, each round with the next seed, until one is not green: a case that fails
 * now and then says nothing when it fails. `npm run rounds -- --rounds 20 --seed 1`; what follows a second `--` are
 * suites and flags for `objectfs suite` instead of `all --tier quick`. Exits with 1 on the first round that fails.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { compiledModule } from '../src/config/paths.js';
import { scriptFlags, wholeNumber } from './flags.js';

const about =
  'The suites again and again with the next seed, until one run is not green. ' +
  'After a second -- come suites and flags for objectfs suite, instead of all --tier quick';
const {
  rounds,
  seed: firstSeed,
  _: rest,
} = scriptFlags('rounds', about)
  .option('rounds', wholeNumber('rounds', 'Runs', 20, 1))
  .option('seed', wholeNumber('seed', 'Of the first run', 1))
  .parseSync();
const asked = rest.length > 0 ? rest.map(String) : ['all', '--tier', 'quick'];

process.stdout.write(`rounds: ${rounds} of objectfs suite ${asked.join(' ')}, seeds from ${firstSeed}\n`);
process.exitCode = (await main()) ? 0 : 1;

async function main(): Promise<boolean> {
  const folder = await mkdtemp(join(tmpdir(), 'objectfs-rounds-'));
  for (let round = 1; round <= rounds; round += 1) {
    if (!(await isGreen(round, folder))) {
      process.stdout.write(`The report of this round is in ${folder}\n`);
      return false;
    }
  }
  await rm(folder, { recursive: true });
  return true;
}

/** Its whole output is shown where it is not green. */
async function isGreen(round: number, folder: string): Promise<boolean> {
  const beganMs = performance.now();
  const command = ['suite', ...asked, '--seed', String(firstSeed + round - 1), '--out', folder];
  const { exitCode, all } = await execa(process.execPath, [compiledModule('src/cli/main.js'), ...command], {
    reject: false,
    all: true,
    stdin: 'ignore',
  });
  const took = `${Math.round((performance.now() - beganMs) / 1000)} s`;
  process.stdout.write(
    `round ${round}: ${exitCode === 0 ? 'green' : `exit code ${exitCode ?? 'none'}`}, ${took}\n`,
  );
  if (exitCode !== 0) process.stdout.write(`${all}\n`);
  return exitCode === 0;
}
