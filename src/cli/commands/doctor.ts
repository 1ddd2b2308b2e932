import type { ArgumentsCamelCase, Argv } from 'yargs';
import type { Finding } from '../doctor/check.js';
import { EXIT } from '../exit.js';
import { configOptions, connectionOptions, resolveConfig } from '../options.js';

export const command = 'doctor';
export const describe = 'Say what this machine can do, and the remedy for what it can not';

export function builder(yargs: Argv): Argv {
  return connectionOptions(configOptions(yargs))
    .option('json', { type: 'boolean', default: false, describe: 'Print JSON' })
    .example('objectfs doctor', 'Node, kernel, /dev/fuse, fusermount3, passthrough, credentials, docker');
}

export async function handler(flags: ArgumentsCamelCase): Promise<void> {
  const findings = await examine(flags);
  if (flags['json'] === true) process.stdout.write(`${JSON.stringify(findings, null, 2)}\n`);
  else for (const finding of findings) process.stdout.write(`${lineOf(finding)}\n`);
  if (findings.some((finding) => finding.state === 'broken')) process.exitCode = EXIT.failed;
}

async function examine(flags: ArgumentsCamelCase): Promise<readonly Finding[]> {
  const resolved = await resolveConfig(flags);
  const machine = await import('../doctor/machine-checks.js');
  const { checkCongestion } = await import('../doctor/congestion-check.js');
  const fuse = await import('../doctor/fuse-checks.js');
  return [
    machine.checkNode(),
    machine.checkKernel(),
    fuse.checkFuseDevice(),
    fuse.checkMountRights(),
    fuse.checkFusermount(),
    fuse.checkAllowOther(),
    fuse.checkPassthrough(),
    fuse.checkFuseNative(),
    checkCongestion(resolved.config.s3),
    await machine.checkCredentials(resolved),
    await machine.checkDocker(),
    ...machine.checkPrograms(),
  ];
}

function lineOf({ name, state, detail, remedy }: Finding): string {
  const line = `${state.padEnd(8)} ${name.padEnd(24)} ${detail}`;
  return remedy === undefined ? line : `${line}\n${' '.repeat(34)}${remedy}`;
}
