import { OTHER_CLIENTS, type OtherClient } from '../../api/case.js';
import type { UnmetNeed } from '../../api/protocol.js';
import { findProgram } from '../find-program.js';
import type { TargetDriver } from '../target.js';
import type { PeerDefinition } from './peer.js';
import { peerTarget } from './peer-target.js';
import { RCLONE } from './rclone.js';
import { S3FS } from './s3fs.js';

interface ClientChoice {
  readonly peer: PeerDefinition;
  readonly variantName: string;
}

const CHOICES: Readonly<Record<OtherClient, ClientChoice>> = {
  s3fs: { peer: S3FS, variantName: '' },
  // The least cache mode in which it appends: without one it documents that O_APPEND is ignored.
  rclone: { peer: RCLONE, variantName: 'writes' },
};

/** How a client is mounted beside a target. @throws Failure `usage` where it is not installed. */
export function clientDriver(client: OtherClient): Promise<TargetDriver> {
  const { peer, variantName } = CHOICES[client];
  return peerTarget(peer, variantName);
}

/** The clients that this machine has not, each with how to get it. */
export async function missingClients(): Promise<readonly UnmetNeed[]> {
  const missing: UnmetNeed[] = [];
  for (const client of OTHER_CLIENTS) {
    const { peer } = CHOICES[client];
    if ((await findProgram(peer.programs)) !== undefined) continue;
    const reason = `${peer.name} is not installed. ${peer.getIt}`;
    missing.push({ need: `${client}-client`, state: 'skipped', reason });
  }
  return missing;
}
