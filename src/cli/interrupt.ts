import { Failure } from '../errors/failure.js';

/**
 * Runs a command with a signal that fires on the first SIGINT, SIGTERM or SIGHUP. The command then cleans up and
 * ends by itself; a second signal of the same kind ends the process at once.
 */
export async function interruptible<T>(run: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const stop = (name: NodeJS.Signals): void => {
    process.stderr.write(`\nobjectfs: ${name}: cleaning up; the same again ends at once\n`);
    controller.abort(new Failure('cancelled', `Stopped by ${name}`));
  };
  const names = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const name of names) process.once(name, stop);
  try {
    return await run(controller.signal);
  } finally {
    for (const name of names) process.removeListener(name, stop);
  }
}
