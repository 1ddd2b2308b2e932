import type { ArgumentsCamelCase, Argv } from 'yargs';
import { interruptible } from '../interrupt.js';

export const command = 'unmount <dir>';
export const describe = 'Save everything, then unmount; say what could not be saved';

export function builder(yargs: Argv): Argv {
  return yargs
    .positional('dir', {
      type: 'string',
      demandOption: true,
      describe: 'A directory that objectfs has mounted',
    })
    .option('force', {
      type: 'boolean',
      describe: 'Unmount also what is in use or can not be saved; copies stay in the recovery folder',
    })
    .example('objectfs unmount /mnt/data', 'Flushes first; also clears a mount whose daemon is dead');
}

export async function handler(flags: ArgumentsCamelCase): Promise<void> {
  const { unmountDirectory } = await import('../../mount/unmount.js');
  await interruptible(async (signal) => {
    const { mountPoint, source, saved } = await unmountDirectory(String(flags['dir']), signal, {
      force: flags['force'] === true,
    });
    const how = saved
      ? 'everything is saved'
      : 'its daemon was dead; the next mount of it cleans up what it left';
    process.stderr.write(`objectfs: ${source} is unmounted from ${mountPoint}: ${how}\n`);
  });
}
