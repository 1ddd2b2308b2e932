import {
  awsEnvironment,
  endpointOf,
  lacks,
  type PeerCommand,
  type PeerDefinition,
  type PeerPlace,
} from './peer.js';

/** s3fs-fuse, https://github.com/s3fs-fuse/s3fs-fuse; options by s3fs(1), version 1.90. */
export const S3FS: PeerDefinition = {
  name: 's3fs',
  programs: ['s3fs'],
  getIt: 'Install it: apt-get install s3fs (Debian, Ubuntu), dnf install s3fs-fuse (Fedora)',
  versionArguments: ['--version'],
  versionPattern: /V(\d[\w.-]*)/,
  variants: [
    {
      name: '',
      unmet: [
        ...lacks('s3fs has no hard links', 'hard-link'),
        ...lacks('s3fs is built on libfuse 2, which hides the flags', 'rename-flags', 'rename-exchange'),
        ...lacks('s3fs has no fallocate', 'fallocate'),
        ...lacks('s3fs sends names as they are, and S3 keys are UTF-8: EIO', 'name-bytes'),
        ...lacks('libfuse 2 has no files without a name', 'tmpfile'),
        ...lacks('s3fs keeps extended attributes only with -o use_xattr, which is off by default', 'xattr'),
      ],
      quirks: [
        'Attributes and names are cached for 900 s: changes by other clients are seen late',
        'Each name of a listing costs a HEAD request the first time',
        'Locks hold on this mount only, not for other clients of the bucket',
      ],
      command,
    },
  ],
};

const PASSWORD_FILE = 'passwd-s3fs';

function command(place: PeerPlace): PeerCommand {
  const { credentials, prefix } = place;
  const isTemporary = credentials.sessionToken !== undefined;
  const options = [
    `url=${endpointOf(place)}`,
    `endpoint=${place.region}`,
    ...(place.forcePathStyle ? ['use_path_request_style'] : []),
    ...(place.allowOther ? ['allow_other'] : []),
    // A password file has no room for a session token: s3fs(1), use_session_token.
    isTemporary ? 'use_session_token' : `passwd_file=${place.folder}/${PASSWORD_FILE}`,
  ];
  const source = prefix === '' ? place.bucket : `${place.bucket}:/${prefix.replace(/\/$/, '')}`;
  return {
    arguments: [source, place.mountPoint, '-f', ...options.flatMap((option) => ['-o', option])],
    environment: isTemporary ? awsEnvironment(place) : {},
    ...(isTemporary
      ? {}
      : { files: { [PASSWORD_FILE]: `${credentials.accessKeyId}:${credentials.secretAccessKey}\n` } }),
  };
}
