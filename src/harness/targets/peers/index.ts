import { OTHER_PEERS } from './others.js';
import type { PeerDefinition } from './peer.js';
import { RCLONE } from './rclone.js';
import { S3FS } from './s3fs.js';

/** The file systems of others that the harness can start. */
export const PEERS: readonly PeerDefinition[] = [S3FS, RCLONE, ...OTHER_PEERS];
