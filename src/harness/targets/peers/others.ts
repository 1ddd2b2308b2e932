import { join } from 'node:path';
import {
  awsEnvironment,
  endpointOf,
  lacks,
  type PeerDefinition,
  type PeerLack,
  type PeerPlace,
  type PeerVariant,
} from './peer.js';

/*
 * Peers that Debian does not have. Their command lines are those of their documentation, named at each; they are
 * tested as command lines, not by mounting.
 */

const NO_PERMISSIONS: readonly PeerLack[] = [
  ...lacks('It keeps neither mode nor owner: both are those of the mount', 'chown'),
  ...lacks('It has regular files and directories only', 'mknod', 'symlink', 'hard-link'),
  ...lacks('It has no fallocate', 'fallocate'),
  ...lacks('It has no files without a name', 'tmpfile'),
  ...lacks('It has no flags of rename', 'rename-flags', 'rename-exchange'),
];

function only(variant: Omit<PeerVariant, 'name'>): readonly PeerVariant[] {
  return [{ name: '', ...variant }];
}

/** `bucket` or `bucket:prefix/`, as goofys and geesefs name what they mount. */
function goSource({ bucket, prefix }: PeerPlace): string {
  return prefix === '' ? bucket : `${bucket}:${prefix.replace(/\/$/, '')}`;
}

/** Mountpoint for Amazon S3: doc/CONFIGURATION.md and `mount-s3 --help`, version 1.23. */
const MOUNTPOINT: PeerDefinition = {
  name: 'mountpoint-s3',
  programs: ['mount-s3'],
  getIt: 'Install the package of https://github.com/awslabs/mountpoint-s3/releases (mount-s3.deb)',
  versionArguments: ['--version'],
  versionPattern: /mount-s3 (\d[\w.-]*)/,
  variants: only({
    unmet: [...NO_PERMISSIONS, ...lacks('It has no extended attributes', 'xattr')],
    quirks: [
      'Files are written from start to end once; existing files can only be replaced as a whole',
      'Renames are refused outside S3 Express directory buckets',
    ],
    command: (place) => ({
      arguments: [
        ...[place.bucket, place.mountPoint, '--foreground', '--allow-delete', '--allow-overwrite'],
        ...['--region', place.region],
        ...(place.endpoint === undefined ? [] : ['--endpoint-url', place.endpoint]),
        ...(place.forcePathStyle ? ['--force-path-style'] : []),
        ...(place.prefix === '' ? [] : ['--prefix', place.prefix]),
        ...(place.allowOther ? ['--allow-other'] : []),
      ],
      environment: awsEnvironment(place),
    }),
  }),
};

/** goofys: README.md and internal/flags.go, version 0.24; dormant since 2023. */
const GOOFYS: PeerDefinition = {
  name: 'goofys',
  programs: ['goofys'],
  getIt: 'Download the program from https://github.com/kahing/goofys/releases into a folder of PATH',
  versionArguments: ['--version'],
  versionPattern: /version (\d[\w.-]*)/,
  variants: only({
    unmet: NO_PERMISSIONS,
    quirks: [
      'fsync does nothing; files are written from start to end',
      'A directory with more than 1,000 children can not be renamed',
    ],
    command: (place) => ({ arguments: goArguments(place), environment: awsEnvironment(place) }),
  }),
};

/** GeeseFS: README.md and core/cfg/flags.go, version 0.43. */
const GEESEFS: PeerDefinition = {
  name: 'geesefs',
  programs: ['geesefs'],
  getIt: 'Download the program from https://github.com/yandex-cloud/geesefs/releases into a folder of PATH',
  versionArguments: ['--version'],
  versionPattern: /version (\d[\w.-]*)/,
  variants: only({
    unmet: [
      ...lacks('GeeseFS has no hard links', 'hard-link'),
      ...lacks('GeeseFS documents no flags of rename', 'rename-flags', 'rename-exchange'),
      ...lacks('GeeseFS documents no files without a name', 'tmpfile'),
    ],
    quirks: [
      'close returns before the upload, which is tried again for ever; errors show at fsync only',
      'Modes and owners are dependable only where listings carry metadata (Yandex)',
    ],
    command: (place) => ({ arguments: goArguments(place), environment: awsEnvironment(place) }),
  }),
};

function goArguments(place: PeerPlace): readonly string[] {
  return [
    ...['-f', '--endpoint', endpointOf(place), '--region', place.region],
    ...(place.forcePathStyle ? [] : ['--subdomain']),
    ...(place.allowOther ? ['-o', 'allow_other'] : []),
    ...[goSource(place), place.mountPoint],
  ];
}

/** JuiceFS: docs/en/reference/command_reference.mdx, version 1.4; its metadata engine is a local SQLite file. */
const JUICEFS: PeerDefinition = {
  name: 'juicefs',
  programs: ['juicefs'],
  getIt: 'Install it: curl -sSL https://d.juicefs.com/install | sh -, or see https://juicefs.com/docs',
  versionArguments: ['version'],
  versionPattern: /juicefs version (\d[\w.-]*)/,
  ownFormat: true,
  variants: only({
    unmet: [
      ...lacks('The bucket holds blocks of JuiceFS, not one object per file', 'store'),
      ...lacks('JuiceFS documents no files without a name', 'tmpfile'),
    ],
    quirks: ['Names and attributes lie in a local SQLite file, not in the bucket'],
    command: (place) => {
      const metadata = `sqlite3://${join(place.folder, 'juicefs.db')}`;
      const bucket = `${endpointOf(place)}/${place.bucket}`;
      const { credentials } = place;
      return {
        // Formatting what is formatted already changes nothing but its settings.
        setup: ['format', '--storage', 's3', '--bucket', bucket, metadata, 'objectfs'],
        arguments: [
          ...['mount', '--cache-dir', place.cacheFolder, '--no-usage-report'],
          ...(place.allowOther ? ['-o', 'allow_other'] : []),
          ...[metadata, place.mountPoint],
        ],
        environment: {
          ACCESS_KEY: credentials.accessKeyId,
          SECRET_KEY: credentials.secretAccessKey,
          ...(credentials.sessionToken === undefined ? {} : { SESSION_TOKEN: credentials.sessionToken }),
        },
      };
    },
  }),
};

export const OTHER_PEERS: readonly PeerDefinition[] = [MOUNTPOINT, GOOFYS, GEESEFS, JUICEFS];
