import type { ArgumentsCamelCase, Argv } from 'yargs';
import { usageError } from '../../errors/failure.js';
import { RESTORE_TIERS } from '../../s3/restore-tiers.js';
import { parsePlace } from '../copy/places.js';
import { interruptible } from '../interrupt.js';
import { configOptions, connectionOptions, resolveConfig } from '../options.js';

export const command = 'restore <object>';
export const describe = 'Ask for a readable copy of an object in GLACIER or DEEP_ARCHIVE';

export function builder(yargs: Argv): Argv {
  return connectionOptions(configOptions(yargs))
    .positional('object', { type: 'string', demandOption: true, describe: 's3://BUCKET/KEY' })
    .option('days', {
      type: 'number',
      requiresArg: true,
      default: 7,
      describe: 'How long the copy stays readable; it costs as much as an object of class STANDARD',
    })
    .option('tier', {
      choices: RESTORE_TIERS,
      default: 'Standard' as const,
      describe: 'How fast: Expedited costs most, Bulk least',
    })
    .example('objectfs restore s3://data/film.mkv --days 3', 'Then, hours later: objectfs cp');
}

export async function handler(flags: ArgumentsCamelCase): Promise<void> {
  const place = parsePlace(String(flags['object']));
  if (place.kind !== 'object' || place.key === '') {
    throw usageError(`"${String(flags['object'])}" is no object`, 'Write s3://BUCKET/KEY');
  }
  const days = Number(flags['days']);
  if (!Number.isInteger(days) || days < 1) {
    throw usageError(`A copy can not stay for ${days} days`, 'Give a whole number from 1 with --days');
  }
  const tier = RESTORE_TIERS.find((name) => name === flags['tier']) ?? 'Standard';
  const { bucket, key } = place;
  const { config } = await resolveConfig(flags);
  const { restoreObject } = await import('../../s3/restore.js');
  const { createStore } = await import('../../s3/client.js');
  const { connectionOf } = await import('../../s3/connection.js');
  const connection = connectionOf(config.s3);
  await interruptible(async (signal) => {
    await restoreObject(connection, { bucket, key, days, tier }, signal);
    const store = createStore(connection, bucket);
    try {
      const { restore } = await store.head(key, { signal });
      const until = /expiry-date="([^"]+)"/.exec(restore ?? '')?.[1];
      const state = until === undefined ? 'is being restored' : `can be read until ${until}`;
      process.stdout.write(`s3://${bucket}/${key} ${state}\n`);
    } finally {
      store.close();
    }
  });
}
