import type { ArgumentsCamelCase, Argv } from 'yargs';
import type { LinkServer, LinkServerOptions } from '../../emulator/link/link-server.js';
import type { LinkProfile } from '../../emulator/link/profile.js';
import { usageError } from '../../errors/failure.js';
import { interruptible } from '../interrupt.js';

export const command = 'link';
export const describe = 'Put a shaped network path in front of any S3 server';

export function builder(yargs: Argv): Argv {
  return modeOptions(yargs)
    .option('upstream', {
      type: 'string',
      requiresArg: true,
      describe: 'S3 server: http://HOST:PORT, or https://HOST, whose TLS passes untouched',
    })
    .option('profile', {
      type: 'string',
      requiresArg: true,
      default: 'home',
      describe: 'loopback, lan, same-region, cross-region, home, mobile, satellite or a file.yaml',
    })
    .option('listen', {
      type: 'string',
      requiresArg: true,
      default: '127.0.0.1:0',
      describe: 'HOST:PORT; port 0 = a free one',
    })
    .option('seed', {
      type: 'number',
      requiresArg: true,
      default: 1,
      describe: 'Of losses, jitter and resets',
    })
    .option('faults', {
      type: 'string',
      requiresArg: true,
      describe: 'File of fault rules (YAML); not before https',
    })
    .example(
      'objectfs link --upstream http://127.0.0.1:9000 --profile home > link.env &',
      'Before any server',
    )
    .example('objectfs link --self-test --profile same-region', 'What was asked and what is reached');
}

function modeOptions(yargs: Argv): Argv {
  return yargs
    .option('mode', {
      choices: ['relay', 'packet'] as const,
      default: 'relay' as const,
      describe: 'relay = imitates TCP, needs no rights; packet = real packets between namespaces (root, TUN)',
    })
    .option('json', { type: 'boolean', default: false, describe: 'Print the statistics as JSON at the end' })
    .option('self-test', {
      type: 'boolean',
      default: false,
      describe: 'Measure on this machine what the profile asks for, print both, and end',
    });
}

interface LinkFlags {
  readonly upstream?: string;
  readonly profile: string;
  readonly listen: string;
  readonly seed: number;
  readonly mode: 'relay' | 'packet';
  readonly faults?: string;
  readonly json: boolean;
  readonly selfTest: boolean;
}

export async function handler(parsed: ArgumentsCamelCase): Promise<void> {
  const flags = parsed as unknown as LinkFlags; // as declared in `builder`; yargs has checked the types
  const { profileOf } = await import('../../emulator/link/profile-file.js');
  const profile = profileOf(flags.profile);
  if (!Number.isSafeInteger(flags.seed))
    throw usageError('--seed takes a whole number', 'Give 1, for instance');
  if (flags.selfTest) {
    if (flags.mode === 'packet') {
      throw usageError('--self-test measures the relay mode', 'Leave out --mode packet or --self-test');
    }
    await selfTest(profile, flags);
    return;
  }
  const { upstream } = flags;
  if (upstream === undefined) {
    throw usageError('There is no server to put a path before', 'Name it with --upstream http://HOST:PORT');
  }
  const { readFaultRules } = await import('../../emulator/faults/rules.js');
  const start = await starterOf(flags.mode);
  const options = {
    ...parseListen(flags.listen),
    ...{ upstream, profile, seed: flags.seed },
    ...(flags.faults === undefined ? {} : { faults: readFaultRules(flags.faults) }),
  };
  await interruptible((signal) => run(start, options, flags.json, signal));
}

/** Until the signal fires. @throws Failure where the link ends before. */
async function run(
  start: (options: LinkServerOptions) => Promise<LinkServer>,
  options: LinkServerOptions,
  isJson: boolean,
  signal: AbortSignal,
): Promise<void> {
  const broken = new AbortController();
  const server = await start({
    ...options,
    onBroken: (failure) => {
      broken.abort(failure);
    },
  });
  try {
    process.stdout.write(`export AWS_ENDPOINT_URL='${server.endpoint}'\n`);
    if (server.endpoint.startsWith('https:')) process.stderr.write(`${hostsHint(server)}\n`);
    await aborted(AbortSignal.any([signal, broken.signal]));
  } finally {
    await server.close();
    process.stderr.write(statisticsOf(server, isJson));
  }
  broken.signal.throwIfAborted();
}

async function starterOf(
  mode: LinkFlags['mode'],
): Promise<(options: LinkServerOptions) => Promise<LinkServer>> {
  if (mode === 'packet') return (await import('../../emulator/link/packet/packet-link.js')).startPacketLink;
  return (await import('../../emulator/link/link-server.js')).startLinkServer;
}

/** The certificate is the upstream's: a client that asks for another name refuses it. */
function hostsHint({ endpoint }: LinkServer): string {
  const { hostname } = new URL(endpoint);
  return `TLS passes untouched: let the client resolve ${hostname} to the address of this link (a line in /etc/hosts)`;
}

function parseListen(text: string): { readonly host: string; readonly port: number } {
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d+)$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host !== undefined && port <= 65_535) return { host, port };
  throw usageError(`"${text}" is no address to listen on`, 'Give --listen HOST:PORT, such as 127.0.0.1:0');
}

/** On standard error: standard output is for `eval`. */
function statisticsOf(server: LinkServer, isJson: boolean): string {
  const { connections, resets, up, down } = server.counts();
  const faults = server.faultCounts();
  if (isJson) return `${JSON.stringify({ connections, resets, up, down, faults })}\n`;
  const lines = [`${connections} connections, ${resets} reset`];
  for (const [name, lane] of Object.entries({ up, down })) {
    lines.push(
      `${name.padEnd(4)} ${lane.bytes} bytes, ${lane.losses} of ${lane.segments} segments lost, ` +
        `${lane.timeouts} time-outs, ${lane.drops} pieces dropped, deepest queue ${Math.round(lane.deepestQueueBytes)} bytes`,
    );
  }
  for (const { name, matched, fired } of faults) lines.push(`fault ${name}: ${fired} of ${matched}`);
  return `${lines.join('\n')}\n`;
}

async function selfTest(profile: LinkProfile, flags: LinkFlags): Promise<void> {
  const { measureLink } = await import('../../emulator/link/self-test.js');
  const lines = await interruptible((signal) => measureLink(profile, flags.seed, signal));
  if (flags.json) {
    process.stdout.write(`${JSON.stringify({ profile: profile.name, lines })}\n`);
    return;
  }
  process.stdout.write(`${profile.name}: ${'asked'.padStart(34)} ${'reached'.padStart(12)} difference\n`);
  for (const { what, unit, asked, reached } of lines) {
    const difference = asked === 0 ? '' : `${((reached / asked - 1) * 100).toFixed(1)} %`;
    process.stdout.write(
      `${what.padEnd(32)} ${asked.toPrecision(4).padStart(10)} ${reached.toPrecision(4).padStart(12)} ${unit.padEnd(5)} ${difference}\n`,
    );
  }
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise((resolve) => {
    signal.addEventListener('abort', resolve, { once: true });
  });
}
