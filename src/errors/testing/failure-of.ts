import { Failure } from '../failure.js';

/** The failure with which a task ends; a test whose task ends well or with another error fails here. */
export async function failureOf(task: Promise<unknown>): Promise<Failure> {
  const reason: unknown = await task.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (reason instanceof Failure) return reason;
  throw new Error(`expected a Failure, got ${String(reason)}`);
}
