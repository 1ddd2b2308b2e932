import yargs, { type Argv } from 'yargs';
import { Failure, usageError } from '../errors/failure.js';
import { COMMANDS } from './commands/index.js';
import { STREAM_WORD } from './copy/stream-word.js';
import { endQuietlyOnClosedPipe, reportFailure } from './exit.js';
import { version } from './version.js';

/** Parses the arguments and runs one command. Never throws: the outcome is the process's exit code. */
export async function runCli(argv: readonly string[]): Promise<void> {
  process.stdout.on('error', endQuietlyOnClosedPipe);
  try {
    await parser(argv).parseAsync();
  } catch (reason) {
    reportFailure(reason);
  }
}

/** Where yargs finds a command close to an unknown one, it names only its guess. */
function wrongUse(message: string, argv: readonly string[]): Failure {
  const guess = /^Did you mean (.+)\?$/.exec(message)?.[1];
  if (guess === undefined) return usageError(message.replace(/:\s*\n\s*/, ': '), 'See objectfs --help');
  const word = argv.find((argument) => !argument.startsWith('-')) ?? '';
  return usageError(`There is no command "${word}"`, `Did you mean ${guess}? See objectfs --help`, word);
}

/** Arguments that are lists; of any other that is given twice the last counts. */
const LISTS: readonly string[] = ['_', 'names', 'runs'];

function keepLast(parsed: Record<string, unknown>): void {
  for (const [name, value] of Object.entries(parsed)) {
    if (Array.isArray(value) && !LISTS.includes(name)) parsed[name] = value.at(-1);
  }
}

function parser(argv: readonly string[]): Argv {
  const base = yargs(argv.map((word) => (word === '-' ? STREAM_WORD : word)))
    .scriptName('objectfs')
    .usage('$0 <command>\n\nTest, benchmark and mount S3-backed file systems.')
    // Not by `duplicate-arguments-array`: it would also keep only the last of several names.
    .middleware(keepLast)
    .version(version())
    .help()
    .alias({ h: 'help' })
    .wrap(110)
    .strict()
    .recommendCommands()
    .demandCommand(1, 'Name a command')
    .epilogue(
      'Exit codes: 0 ok, 1 failed or inconclusive run, 2 wrong use. Documentation: docs/ in the package.',
    )
    .exitProcess(false)
    .fail((message, error: unknown) => {
      throw error instanceof Failure ? error : wrongUse(message || Failure.from(error).message, argv);
    });
  return COMMANDS.reduce<Argv>((chain, module) => chain.command(module), base);
}
