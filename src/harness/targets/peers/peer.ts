import type { Need } from '../../api/case.js';
import type { S3Credentials } from '../../../s3/connection.js';

/** What a peer's mount is given, from which its definition makes a command line. */
export interface PeerPlace {
  readonly bucket: string;
  /** Ends in `/`; empty for the whole bucket. */
  readonly prefix: string;
  /** Absent: AWS. */
  readonly endpoint?: string;
  readonly region: string;
  readonly forcePathStyle: boolean;
  readonly credentials: S3Credentials;
  readonly mountPoint: string;
  /** Own folder of this mount, mode 0711: files with credentials in it are 0600. */
  readonly folder: string;
  /** For what the peer keeps on the local disk; may not exist yet. */
  readonly cacheFolder: string;
  /** Whether other users may enter; only root may ask for it without a line in /etc/fuse.conf. */
  readonly allowOther: boolean;
}

/** How a peer is started. Arguments can be read by every user of the machine: no secret stands in them. */
export interface PeerCommand {
  readonly arguments: readonly string[];
  /** On top of a bare environment; /proc/PID/environ is for the same user only. */
  readonly environment: Readonly<Record<string, string>>;
  /** Written below `folder` with mode 0600 before the start, by name. */
  readonly files?: Readonly<Record<string, string>>;
  /** Run to its end before the mount, by the same program with the same environment: makes a file system. */
  readonly setup?: readonly string[];
}

/** One way of running a peer: `rclone` and `rclone:full` are variants of one program. */
export interface PeerVariant {
  /** `''` for the peer's default. */
  readonly name: string;
  readonly unmet: readonly PeerLack[];
  readonly quirks: readonly string[];
  command(place: PeerPlace): PeerCommand;
  /** Whether something that was written is not in the bucket yet. Absent: `close` returns after the upload. */
  isSettled?(place: Pick<PeerPlace, 'cacheFolder'>): Promise<boolean>;
}

/** Something that the peer's own documentation says it has not. */
export interface PeerLack {
  readonly need: Need;
  readonly reason: string;
}

/** A file system of somebody else, run as a program. */
export interface PeerDefinition {
  readonly name: string;
  /** Executables, the first that is installed is taken. */
  readonly programs: readonly string[];
  /** How to get it, as a sentence for the user. */
  readonly getIt: string;
  readonly versionArguments: readonly string[];
  /** Its first group is the version. */
  readonly versionPattern: RegExp;
  /** The default first. */
  readonly variants: readonly PeerVariant[];
  /** Absent: one object per file. Present: the bucket holds the peer's own format. */
  readonly ownFormat?: boolean;
}

/** The endpoint to tell a peer that wants one in any case. */
export function endpointOf(place: Pick<PeerPlace, 'endpoint' | 'region'>): string {
  return place.endpoint ?? `https://s3.${place.region}.amazonaws.com`;
}

/** Credentials as every program that follows the AWS CLI reads them. */
export function awsEnvironment({ credentials, region }: PeerPlace): Record<string, string> {
  return {
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_REGION: region,
    // Nobody answers there outside EC2, and programs wait for it.
    AWS_EC2_METADATA_DISABLED: 'true',
    ...(credentials.sessionToken === undefined ? {} : { AWS_SESSION_TOKEN: credentials.sessionToken }),
  };
}

/** One reason for several needs. */
export function lacks(reason: string, ...needs: readonly Need[]): PeerLack[] {
  return needs.map((need) => ({ need, reason }));
}
