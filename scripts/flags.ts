import yargs, { type Argv } from 'yargs';

/**
 * A parser for the flags of a script.
 *
 * @param name - As npm knows it: `npm run NAME -- --FLAG`. Wrong use ends the process with 2 and one line.
 */
export function scriptFlags(name: string, about: string): Argv {
  return yargs(process.argv.slice(2))
    .scriptName(`npm run ${name} --`)
    .usage(`$0 [flags]\n\n${about}`)
    .version(false)
    .help()
    .strictOptions()
    .wrap(110)
    .fail((message, error: Error | undefined) => {
      const problem = message || (error?.message ?? 'wrong use');
      process.stderr.write(`${name}: ${problem}. See npm run ${name} -- --help\n`);
      process.exit(2);
    });
}

/** A flag that takes a whole number. @param least - @defaultValue 0 */
export function wholeNumber(flag: string, describe: string, value: number, least = 0) {
  const coerce = (number: number): number => {
    if (Number.isSafeInteger(number) && number >= least) return number;
    throw new Error(`--${flag} takes a whole number from ${least}`);
  };
  return { type: 'number', default: value, requiresArg: true, describe, coerce } as const;
}

/** Of a run that nobody asked to be like another. */
export function newSeed(): number {
  return Date.now() % 2 ** 32;
}
