import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import {
  lacks,
  type PeerCommand,
  type PeerDefinition,
  type PeerLack,
  type PeerPlace,
  type PeerVariant,
} from './peer.js';

const LACKS: readonly PeerLack[] = [
  ...lacks('rclone mount has no links', 'hard-link', 'symlink'),
  ...lacks('rclone mount has regular files and directories only', 'mknod'),
  ...lacks('rclone mount keeps neither mode nor owner', 'chown'),
  ...lacks('rclone mount has no extended attributes', 'xattr'),
  ...lacks('rclone mount has no flags of rename', 'rename-flags', 'rename-exchange'),
  ...lacks('rclone mount has no fallocate', 'fallocate'),
  ...lacks('rclone mount has no files without a name', 'tmpfile'),
];

const QUIRKS: readonly string[] = [
  'Directory listings are cached for 5 minutes: changes by other clients are seen late',
  'chmod and chown are accepted and ignored; every file has the mode and owner of the mount',
];

const LATE = 'fsync and close return before the upload, which starts 5 s after the last close';

/** rclone mount, https://rclone.org/commands/rclone_mount/; cache modes by its section "VFS File Caching". */
export const RCLONE: PeerDefinition = {
  name: 'rclone',
  programs: ['rclone'],
  getIt: 'Install it: apt-get install rclone (Debian, Ubuntu), or see https://rclone.org/install/',
  versionArguments: ['version'],
  versionPattern: /rclone v(\d[\w.-]*)/,
  variants: [
    variant('off', '', {
      quirks: [
        'Cache mode off: files are written from start to end only, and can not be opened to read and write',
      ],
      unmet: lacks('rclone mount writes mapped pages only with a cache mode', 'mmap'),
    }),
    variant('writes', 'writes', { quirks: [LATE] }),
    variant('full', 'full', { quirks: [LATE, 'Read data is kept on the local disk'] }),
  ],
};

function variant(
  mode: 'off' | 'writes' | 'full',
  name: string,
  own: { readonly quirks: readonly string[]; readonly unmet?: readonly PeerLack[] },
): PeerVariant {
  return {
    name,
    unmet: [...LACKS, ...(own.unmet ?? [])],
    quirks: [...QUIRKS, ...own.quirks],
    command: (place) => command(place, mode),
    ...(mode === 'off' ? {} : { isSettled: ({ cacheFolder }) => isUploaded(cacheFolder) }),
  };
}

const CONFIG_FILE = 'rclone.conf';

function command(place: PeerPlace, mode: string): PeerCommand {
  const source = `peer:${place.bucket}/${place.prefix}`.replace(/\/$/, '');
  return {
    arguments: [
      ...['mount', source, place.mountPoint],
      ...['--config', join(place.folder, CONFIG_FILE), '--cache-dir', place.cacheFolder],
      ...['--vfs-cache-mode', mode],
      ...(place.allowOther ? ['--allow-other'] : []),
    ],
    // Not AWS_CA_BUNDLE: with it the SDK of rclone replaces the transport and no request gets through.
    environment: {},
    files: { [CONFIG_FILE]: configFile(place) },
  };
}

function configFile({ credentials, endpoint, region, forcePathStyle }: PeerPlace): string {
  const lines = [
    '[peer]',
    'type = s3',
    `provider = ${endpoint === undefined ? 'AWS' : 'Other'}`,
    `access_key_id = ${credentials.accessKeyId}`,
    `secret_access_key = ${credentials.secretAccessKey}`,
    ...(credentials.sessionToken === undefined ? [] : [`session_token = ${credentials.sessionToken}`]),
    `region = ${region}`,
    ...(endpoint === undefined ? [] : [`endpoint = ${endpoint}`]),
    `force_path_style = ${String(forcePathStyle)}`,
    // The bucket is the harness's to make.
    'no_check_bucket = true',
  ];
  return `${lines.join('\n')}\n`;
}

const metadataSchema = z.looseObject({ Dirty: z.boolean() });

/** rclone keeps a JSON file beside each file of its cache: `Dirty` until the upload is done. */
async function isUploaded(cacheFolder: string): Promise<boolean> {
  const folder = join(cacheFolder, 'vfsMeta');
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    if (entry.isFile() && (await isDirty(join(entry.parentPath, entry.name)))) return false;
  }
  return true;
}

async function isDirty(path: string): Promise<boolean> {
  try {
    return metadataSchema.parse(JSON.parse(await readFile(path, 'utf8'))).Dirty;
  } catch (reason) {
    // Removed meanwhile: clean. Half written: ask again.
    return !(typeof reason === 'object' && reason !== null && 'code' in reason && reason.code === 'ENOENT');
  }
}
