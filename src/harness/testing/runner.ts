/**
 * A runner in a process of its own, for tests that end it in the middle of a suite. Argument: JSON of `folder` (of the
 * compiled suite), `ledger` and `connection`. SIGTERM stops the run as Ctrl-C does.
 */
import { z } from 'zod';
import { connectionSchema } from '../api/protocol.js';
import { Ledger } from '../ledger.js';
import { openRun } from '../run-scope.js';
import { runMountedSuite } from './mounted-suite.js';
import type { S3Connection } from '../../s3/connection.js';

const argumentSchema = z.strictObject({
  folder: z.string(),
  ledger: z.string(),
  connection: z.custom<S3Connection>((value) => connectionSchema.safeParse(value).success),
});

const { folder, ledger, connection } = argumentSchema.parse(JSON.parse(process.argv[2] ?? ''));
const controller = new AbortController();
process.once('SIGTERM', () => {
  controller.abort(new Error('told to stop'));
});
const scope = await openRun(new Ledger(ledger));
const limits = { graceMs: 60_000, silenceMs: 60_000 };
try {
  await runMountedSuite({ scope, suiteFolder: folder, connection, limits }, controller.signal);
} catch {
  process.exitCode = 1;
} finally {
  await scope.close();
}
