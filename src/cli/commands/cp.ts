import type { ArgumentsCamelCase, Argv } from 'yargs';
import { parsePlace } from '../copy/places.js';
import type { QuickWish } from '../copy/quick.js';
import { interruptible } from '../interrupt.js';
import {
  configOptions,
  connectionOptions,
  resolveConfig,
  transferOptions,
  workersOption,
  type Flags,
} from '../options.js';

export const command = 'cp <source> <destination>';
export const describe = 'Copy files and objects, verified, and going on where a killed copy has stopped';

export function builder(yargs: Argv): Argv {
  return workersOption(transferOptions(connectionOptions(configOptions(yargs))))
    .positional('source', {
      type: 'string',
      demandOption: true,
      describe: 'A path, s3://BUCKET/KEY, or - for standard input',
    })
    .positional('destination', {
      type: 'string',
      demandOption: true,
      describe: 'A path, s3://BUCKET/KEY, or - for standard output; with / at its end a folder',
    })
    .option('recursive', {
      alias: 'r',
      type: 'boolean',
      default: false,
      describe: 'Copy all files below a folder, or all keys below a prefix',
    })
    .option('json', { type: 'boolean', default: false, describe: 'Print one JSON object at the end' })
    .option('resume', {
      type: 'boolean',
      default: true,
      describe: 'Go on where an earlier run has stopped; --no-resume removes what it left and leaves nothing',
    })
    .example('objectfs cp film.mkv s3://data/films/', 'After kill -9 the same command goes on')
    .example('objectfs cp s3://data/films/film.mkv .', 'The file appears when it is whole and compared')
    .example('tar -c . | objectfs cp - s3://data/backup.tar', 'From a stream of unknown length')
    .example('objectfs cp -r s3://data/films s3://more/films', 'No byte passes this machine');
}

export async function handler(flags: ArgumentsCamelCase): Promise<void> {
  const wish = await wishOf(flags);
  const places = { source: parsePlace(wish.source), destination: parsePlace(wish.destination) };
  const { runCopy } = await import('../copy/run.js');
  await interruptible((signal) => runCopy({ ...wish, ...places }, signal));
}

/** What the flags ask for; `quickWish` makes the same of the same words where it makes anything. */
export async function wishOf(flags: Flags): Promise<QuickWish> {
  const { config } = await resolveConfig(flags);
  return {
    source: String(flags['source']),
    destination: String(flags['destination']),
    config: { s3: config.s3, transfer: config.transfer, log: config.log },
    recursive: flags['recursive'] === true,
    json: flags['json'] === true,
    resume: flags['resume'] !== false,
    logLevel: flags['logLevel'] === undefined ? 'error' : config.log.level,
  };
}
