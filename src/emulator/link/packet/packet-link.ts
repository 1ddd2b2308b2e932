import { closeSync, openSync, readFileSync } from 'node:fs';
import { access } from 'node:fs/promises';
import { performance } from 'node:perf_hooks';
import { Worker } from 'node:worker_threads';
import { compiledModule } from '../../../config/paths.js';
import { Failure, usageError } from '../../../errors/failure.js';
import type { LinkServer, LinkServerOptions } from '../link-server.js';
import { noCounts } from '../statistics.js';
import { upstreamOf } from '../upstream.js';
import type { EndMessage, EndPlan } from './end.js';
import { TUN_DEVICE } from './namespace.js';
import { PacketLane } from './packet-lane.js';
import { Pump } from './pump.js';

// Of TEST-NET-1 (RFC 5737): they exist only in the two namespaces.
const NEAR = '192.0.2.1';
const FAR = { host: '192.0.2.2', port: 9000 };

/** CAP_NET_ADMIN and CAP_SYS_ADMIN of capabilities(7), which root of a container may lack. */
const NEEDED_CAPABILITIES = (1n << 12n) | (1n << 21n);

/** Why packet mode can not work here; undefined: it can be tried. */
export function packetModeObstacle(): string | undefined {
  if (process.platform !== 'linux') return 'it needs Linux';
  if (process.getuid?.() !== 0) return 'it needs root';
  const [, held = '0'] = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  if ((BigInt(`0x${held}`) & NEEDED_CAPABILITIES) !== NEEDED_CAPABILITIES) {
    return 'it needs the capabilities SYS_ADMIN and NET_ADMIN';
  }
  try {
    closeSync(openSync(TUN_DEVICE, 'r+'));
    return undefined;
  } catch {
    return `${TUN_DEVICE} is missing or can not be opened`;
  }
}

/**
 * Starts a path of real packets to `upstream`: connections of clients are carried on, as TCP of this kernel, from one
 * network namespace to another, and each packet between them is delayed, held back, or lost as the profile says.
 *
 * @throws Failure `usage` without root or TUN, for an upstream that is none, for fault rules and for a profile with
 * resets, which are not a matter of packets.
 */
export async function startPacketLink(options: LinkServerOptions): Promise<LinkServer> {
  const { host = '127.0.0.1', port = 0, seed = 1, profile } = options;
  refuseWhatPacketsCanNot(options);
  const upstream = upstreamOf(options.upstream);
  // Threads for file calls and names are made with the first one: they must be of this namespace.
  await access(TUN_DEVICE);
  const counts = noCounts();
  const base = { seed, startMs: performance.now() };
  const up = new PacketLane(profile, 'up', { ...base, counts: counts.up });
  const down = new PacketLane(profile, 'down', { ...base, counts: counts.down });
  const onDeath = once(options.onBroken);
  const far = await startEnd(
    { side: 'far', listen: FAR, address: FAR.host, peer: NEAR, onward: upstream.target },
    { onDeath: onDeath.tell },
  );
  const near = await startEnd(
    { side: 'near', listen: { host, port }, onward: FAR, address: NEAR, peer: FAR.host },
    { onDeath: onDeath.tell, onConnection: () => (counts.connections += 1) },
  ).catch(async (reason: unknown) => {
    onDeath.stop();
    await far.worker.terminate();
    closeSync(far.tun);
    throw reason;
  });
  const pump = new Pump(near.tun, far.tun, { up, down });
  return {
    port: near.port,
    endpoint: upstream.endpointAt(host, near.port),
    counts: () => counts,
    faultCounts: () => [],
    close: async () => {
      onDeath.stop();
      await Promise.all([near.worker.terminate(), far.worker.terminate()]);
      pump.close();
    },
  };
}

function refuseWhatPacketsCanNot({ faults, profile }: LinkServerOptions): void {
  const obstacle = packetModeObstacle();
  if (obstacle !== undefined) {
    throw usageError(
      `Packet mode can not be used: ${obstacle}`,
      'Run as root where TUN exists (modprobe tun), or leave out --mode packet',
    );
  }
  if (faults !== undefined) {
    throw usageError(
      'Fault rules need to read requests, which packets do not show',
      'Leave out --mode packet, or let --upstream name another link, with --faults',
    );
  }
  if (profile.meanBytesToReset !== undefined) {
    throw usageError(
      `The profile ${profile.name} asks for resets, which packet mode does not make`,
      'Leave out meanBytesToReset, or --mode packet',
    );
  }
}

interface End {
  readonly worker: Worker;
  readonly tun: number;
  readonly port: number;
}

interface EndEvents {
  readonly onConnection?: () => void;
  /** After it was ready; more than once where it tells more than one reason. */
  readonly onDeath: (failure: Failure) => void;
}

/** One thread's end brings about others, and closing ends them all: only the first death by itself is news. */
function once(onBroken: LinkServerOptions['onBroken']) {
  let isOver = false;
  return {
    tell: (failure: Failure): void => {
      if (!isOver) onBroken?.(failure);
      isOver = true;
    },
    stop: (): void => {
      isOver = true;
    },
  };
}

async function startEnd(plan: EndPlan, { onConnection, onDeath }: EndEvents): Promise<End> {
  const worker = new Worker(compiledModule('src/emulator/link/packet/end.js'), {
    workerData: plan,
    // The device's descriptor is closed here, after nobody reads it any more.
    trackUnmanagedFds: false,
  });
  try {
    return await new Promise<End>((resolve, reject) => {
      let isReady = false;
      const end = (what: string, atStart: () => Error): void => {
        if (isReady) onDeath(new Failure('internal', `The ${plan.side} end of the link has died: ${what}`));
        else reject(atStart());
      };
      worker.on('error', (reason) => {
        end(reason.message, () => reason);
      });
      worker.on('exit', (code) => {
        const what = `its thread ended with code ${code}`;
        end(what, () => new Failure('internal', `The ${plan.side} end of the link did not start: ${what}`));
      });
      worker.on('message', (message: EndMessage) => {
        if (message.kind === 'connection') onConnection?.();
        else if (message.kind === 'failed') end(message.message, () => startFailure(plan, message));
        else {
          isReady = true;
          resolve({ worker, tun: message.tun, port: message.port });
        }
      });
    });
  } catch (reason) {
    await worker.terminate();
    throw reason;
  }
}

function startFailure({ listen }: EndPlan, message: Extract<EndMessage, { kind: 'failed' }>): Failure {
  const { remedy = 'Choose another --listen; port 0 takes a free one' } = message;
  return new Failure('usage', `The link can not start on ${listen.host}:${listen.port}: ${message.message}`, {
    remedy,
  });
}
