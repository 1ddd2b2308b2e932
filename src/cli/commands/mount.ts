import type { ArgumentsCamelCase, Argv } from 'yargs';
import type { RunningMount } from '../../mount/start.js';
import { parseBucketUrl } from '../bucket-url.js';
import { interruptible } from '../interrupt.js';
import { configOptions, connectionOptions, resolveConfig } from '../options.js';

export const command = 'mount <bucket> <dir>';
export const describe = 'Mount a bucket, or a part of it, on a directory';

export function builder(yargs: Argv): Argv {
  return observationOptions(mountOptions(connectionOptions(configOptions(yargs))))
    .positional('bucket', {
      type: 'string',
      demandOption: true,
      describe: 's3://BUCKET or s3://BUCKET/PREFIX',
    })
    .positional('dir', { type: 'string', demandOption: true, describe: 'An empty directory' })
    .example('objectfs mount s3://data /mnt/data', 'In the background; returns when the mount answers')
    .example(
      'objectfs mount s3://data/logs /mnt/logs --read-only --foreground',
      'Ctrl-C flushes and unmounts',
    );
}

function mountOptions(yargs: Argv) {
  return yargs
    .option('foreground', { type: 'boolean', default: false, describe: 'Stay, and log to stderr' })
    .option('read-only', { type: 'boolean', describe: 'Refuse changes' })
    .option('allow-other', { type: 'boolean', describe: 'Let other users in' })
    .option('binding', {
      choices: ['kernel', 'fuse-native'] as const,
      describe: 'How the kernel is spoken to',
    })
    .option('cache-dir', {
      type: 'string',
      requiresArg: true,
      describe: 'Folder of unsaved writes, recovery and cached blocks',
    })
    .option('disk-cache', {
      type: 'string',
      requiresArg: true,
      describe: 'Blocks kept on disk, such as 10GiB; 0 for none',
    })
    .option('passthrough', {
      type: 'boolean',
      describe: 'Let the kernel read whole cached files by itself (read-only mounts, root)',
    })
    .option('write-back', {
      type: 'boolean',
      describe: 'close returns when the file is safe on the local disk; it is uploaded later, fsync waits',
    })
    .option('memory-limit', {
      type: 'string',
      requiresArg: true,
      describe: 'Budget of all buffers, such as 512MiB',
    });
}

function observationOptions<T>(yargs: Argv<T>) {
  return yargs
    .option('log-file', {
      type: 'string',
      requiresArg: true,
      describe: 'Log of the daemon; SIGHUP opens it anew',
    })
    .option('metrics-port', {
      type: 'number',
      requiresArg: true,
      describe: 'Prometheus metrics on this loopback port; 0 takes a free one',
    });
}

export async function handler(flags: ArgumentsCamelCase): Promise<void> {
  const { bucket, prefix } = parseBucketUrl(String(flags['bucket']));
  const { config } = await resolveConfig(flags);
  const { startMount } = await import('../../mount/start.js');
  const { sourceOf } = await import('../../mount/plan.js');
  const { connectionOf } = await import('../../s3/connection.js');
  const mountPoint = String(flags['dir']);
  const foreground = flags['foreground'] === true;
  const plan = { bucket, prefix, mountPoint, connection: connectionOf(config.s3), config };
  await interruptible(async (signal) => {
    const mount = await startMount(plan, { foreground, signal });
    if (mount.cleared !== undefined) {
      process.stderr.write(`objectfs: a dead mount of ${mount.cleared} was there and has been cleared\n`);
    }
    process.stderr.write(`objectfs: ${sourceOf(plan)} is mounted on ${mount.mountPoint}\n`);
    if (mount.recovery !== undefined) {
      const { folder, files } = mount.recovery;
      process.stderr.write(
        `objectfs: ${files} ${files === 1 ? 'file' : 'files'} that could not be saved before: ${folder} (objectfs status names them)\n`,
      );
    }
    if (mount.logFile !== undefined) process.stderr.write(`objectfs: log file ${mount.logFile}\n`);
    if (foreground) await untilUnmounted(mount, signal);
  });
}

/** Ctrl-C reaches the daemon too, which then flushes and unmounts; a signal to this process alone is passed on. */
async function untilUnmounted(
  mount: Pick<RunningMount, 'done' | 'unmount'>,
  signal: AbortSignal,
): Promise<void> {
  const passOn = (): void => {
    // As the daemon does that gets the signal itself; `done` tells how it went.
    mount.unmount(undefined, { force: true }).catch(() => undefined);
  };
  signal.addEventListener('abort', passOn, { once: true });
  await mount.done;
}
