import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { execa } from 'execa';
import { Failure, usageError } from '../../../errors/failure.js';
import { resolveCredentials } from '../../../s3/credentials.js';
import { CLIENT_NEEDS } from '../../api/case.js';
import { askVersion, findProgram } from '../find-program.js';
import type { RunningTarget, TargetDriver, TargetPlace, TargetStore } from '../target.js';
import { bareEnvironment, PeerProcess } from './peer-process.js';
import {
  lacks,
  type PeerCommand,
  type PeerDefinition,
  type PeerLack,
  type PeerPlace,
  type PeerVariant,
} from './peer.js';

const SETTLE_POLL_MS = 50;
const SETUP_LIMIT_MS = 60_000;

/**
 * A peer as a target: the installed program with its documented defaults.
 *
 * @param variantName - `''` for the default.
 *
 * @throws Failure `usage` for an unknown variant, and where the program is not installed, with how to get it.
 */
export async function peerTarget(peer: PeerDefinition, variantName: string): Promise<TargetDriver> {
  const variant = peer.variants.find(({ name }) => name === variantName);
  if (variant === undefined) {
    const known = peer.variants.map((entry) => targetName(peer, entry)).join(', ');
    throw usageError(`${peer.name} has no variant "${variantName}"`, `Targets: ${known}`, variantName);
  }
  const program = await findProgram(peer.programs);
  if (program === undefined) {
    throw usageError(
      `${peer.name} is not installed: PATH has no ${peer.programs.join(' and no ')}`,
      peer.getIt,
    );
  }
  const ownFormat = peer.ownFormat === true;
  return {
    name: targetName(peer, variant),
    version: await askVersion(program, peer.versionArguments, peer.versionPattern),
    needsStore: true,
    ...(ownFormat ? { ownFormat } : {}),
    unmet: [...variant.unmet, ...limits(peer)].map(({ need, reason }) => ({
      need,
      state: 'unsupported',
      reason,
    })),
    quirks: variant.quirks,
    start: (place, signal) => startPeer({ peer, variant, program }, place, signal),
  };
}

/** A peer runs with its documented defaults, and one with a format of its own makes that anew at each start. */
function limits(peer: PeerDefinition): readonly PeerLack[] {
  return [
    ...lacks(`${peer.name} runs with its defaults`, 'target-settings'),
    ...(peer.ownFormat === true ? formatLimits(peer.name) : []),
  ];
}

function formatLimits(name: string): readonly PeerLack[] {
  return [
    ...lacks(`${name} keeps one format for each mount`, 'second-mount'),
    ...lacks(`Other clients see blocks of ${name}, no files`, ...CLIENT_NEEDS),
  ];
}

/** `rclone`, `rclone:full`. */
export function targetName(peer: PeerDefinition, variant: PeerVariant): string {
  return variant.name === '' ? peer.name : `${peer.name}:${variant.name}`;
}

interface Chosen {
  readonly peer: PeerDefinition;
  readonly variant: PeerVariant;
  readonly program: string;
}

async function startPeer(chosen: Chosen, place: TargetPlace, signal: AbortSignal): Promise<RunningTarget> {
  const { peer, variant, program } = chosen;
  const peerPlace = await preparePlace(peer, place);
  const command = variant.command(peerPlace);
  const environment = { HOME: peerPlace.folder, ...command.environment };
  await writeFiles(peerPlace.folder, command);
  if (command.setup !== undefined) await setUp(program, command.setup, environment, signal);
  const { mountPoint } = peerPlace;
  await place.record.mount(mountPoint);
  const { secretAccessKey, sessionToken } = peerPlace.credentials;
  const process = await PeerProcess.start(
    {
      program,
      arguments: command.arguments,
      environment,
      mountPoint,
      logFile: join(place.folder, `${peer.name}.log`),
      secrets: [secretAccessKey, ...(sessionToken === undefined ? [] : [sessionToken])],
      onProcess: (identity) => place.record.daemon(identity),
    },
    signal,
  );
  return runningPeer(process, variant, peerPlace);
}

function runningPeer(process: PeerProcess, variant: PeerVariant, place: PeerPlace): RunningTarget {
  const settle = async (signal: AbortSignal): Promise<void> => {
    while (variant.isSettled !== undefined && !(await variant.isSettled(place))) {
      await delay(SETTLE_POLL_MS, undefined, { signal });
    }
  };
  return {
    directory: place.mountPoint,
    mountPoint: place.mountPoint,
    pid: process.pid,
    settle,
    stop: async (signal) => {
      // What waits for its upload would otherwise wait in the cache until the next mount.
      await settle(signal);
      await process.stop(signal);
    },
    terminate: (signal) => process.terminate(signal),
    kill: () => process.kill(),
  };
}

async function preparePlace(peer: PeerDefinition, place: TargetPlace): Promise<PeerPlace> {
  const { store, folder } = place;
  if (store === undefined) throw new Failure('internal', `The target ${peer.name} needs a bucket`);
  const mountPoint = join(folder, 'mount');
  await mkdir(mountPoint, { recursive: true });
  const { endpoint, region, forcePathStyle } = store.connection;
  return {
    bucket: store.bucket,
    prefix: store.prefix,
    ...(endpoint === undefined ? {} : { endpoint }),
    region,
    forcePathStyle,
    credentials: await credentialsOf(peer, store),
    mountPoint,
    folder,
    cacheFolder: join(folder, 'cache'),
    allowOther: place.config.mount.allowOther || process.getuid?.() === 0,
  };
}

async function credentialsOf(peer: PeerDefinition, store: TargetStore) {
  const credentials = await resolveCredentials(store.connection);
  if (credentials !== undefined) return credentials;
  throw new Failure('no-credentials', `There are no credentials for ${peer.name}`, {
    remedy: 'Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE',
  });
}

async function writeFiles(folder: string, command: PeerCommand): Promise<void> {
  for (const [name, content] of Object.entries(command.files ?? {})) {
    await writeFile(join(folder, name), content, { mode: 0o600 });
  }
}

async function setUp(
  program: string,
  setup: readonly string[],
  environment: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<void> {
  const result = await execa(program, setup, {
    env: { ...bareEnvironment(), ...environment },
    extendEnv: false,
    reject: false,
    timeout: SETUP_LIMIT_MS,
    cancelSignal: signal,
    cleanup: false,
  });
  signal.throwIfAborted();
  if (!result.failed) return;
  throw new Failure('not-connected', `${program} ${setup[0] ?? ''} failed: ${result.stderr.slice(-400)}`);
}
