import type { ArgumentsCamelCase, Argv } from 'yargs';
import { parseBucketUrl } from '../bucket-url.js';
import { EXIT } from '../exit.js';
import { interruptible } from '../interrupt.js';
import { configOptions, connectionOptions, resolveConfig } from '../options.js';

export const command = 'lint <bucket>';
export const describe =
  'Report keys that a mount hides or renames, and doubtful metadata, with reason and remedy';

export function builder(yargs: Argv): Argv {
  return connectionOptions(configOptions(yargs))
    .positional('bucket', {
      type: 'string',
      demandOption: true,
      describe: 's3://BUCKET or s3://BUCKET/PREFIX: what would be mounted',
    })
    .option('json', { type: 'boolean', default: false, describe: 'Print one JSON object' })
    .option('keys-only', {
      type: 'boolean',
      default: false,
      describe: 'Look at keys only, which takes no request for each object',
    })
    .example('objectfs lint s3://data', 'Exit code 0: nothing found, 1: findings, 2: wrong use');
}

export async function handler(flags: ArgumentsCamelCase): Promise<void> {
  const { bucket, prefix } = parseBucketUrl(String(flags['bucket']));
  const { config } = await resolveConfig(flags);
  const { lint } = await import('../../fs/lint/lint.js');
  const { createStore } = await import('../../s3/client.js');
  const { connectionOf } = await import('../../s3/connection.js');
  const { withRetry } = await import('../../s3/retry.js');
  const isJson = flags['json'] === true;
  const store = createStore(connectionOf(config.s3), bucket);
  const findings: unknown[] = [];
  try {
    const objects = await interruptible((signal) =>
      lint(withRetry(store), {
        prefix,
        keysOnly: flags['keysOnly'] === true,
        signal,
        onFinding: (finding) => {
          findings.push(finding);
          const { key, rule, reason, remedy } = finding;
          if (!isJson) process.stdout.write(`${JSON.stringify(key)}: ${rule}: ${reason}. ${remedy}\n`);
        },
      }),
    );
    const summary = isJson
      ? JSON.stringify({ objects, findings })
      : `${objects} objects, ${findings.length} findings`;
    process.stdout.write(`${summary}\n`);
  } finally {
    store.close();
  }
  if (findings.length > 0) process.exitCode = EXIT.failed;
}
