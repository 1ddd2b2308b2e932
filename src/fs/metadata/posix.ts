import type { UserMetadata } from '../../s3/store.js';
import type { Config } from '../../config/schema.js';
import { fileType, permissions, S_IFDIR, S_IFREG } from '../modes.js';
import { parseModeText, parseOctalMode } from './mode-text.js';
import { formatSeconds, parseAwsTime, parseTime } from './time-text.js';
import { formatXattrs, parseXattrs, type Xattrs } from './xattr-text.js';

/** What POSIX knows of a file beside its bytes and its names. */
export interface Posix {
  /** Type and permission bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Device number of device nodes; 0 otherwise. */
  readonly rdev: number;
  readonly atimeNs: bigint;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
  /** Birth; absent where the object does not tell it. */
  readonly btimeNs?: bigint;
  readonly xattrs: Xattrs;
}

/** Which names are written; all dialects are read. */
export type MetadataDialect = Config['mount']['metadataDialect'];

/** Where the object says nothing. */
export interface PosixDefaults {
  readonly uid: number;
  readonly gid: number;
  readonly timeNs: bigint;
}

/** Most bytes of user metadata, names and values in sum (S3 user guide, "Working with object metadata"). */
export const METADATA_MAX_BYTES = 2048;

const OWN_NAMES = new Set(['mode', 'uid', 'gid', 'mtime', 'ctime', 'atime', 'btime', 'rdev', 'xattr']);
const NO_XATTRS: Xattrs = new Map();

/**
 * Reads user metadata in the dialects of s3fs and geesefs, of rclone and of the AWS services. Where several are
 * there, s3fs's names win; fields that are no valid text of any dialect count as absent.
 *
 * @param keyIsDirectory - The key ends with `/`: the type is directory whatever the mode says.
 */
export function readPosix(metadata: UserMetadata, keyIsDirectory: boolean, defaults: PosixDefaults): Posix {
  const btimeNs = read(metadata['btime'], parseTime);
  const mtimeNs =
    read(metadata['mtime'], parseTime) ?? read(metadata['file-mtime'], parseAwsTime) ?? defaults.timeNs;
  return {
    mode: readMode(metadata, keyIsDirectory),
    uid: read(metadata['uid'], parseId) ?? read(metadata['file-owner'], parseId) ?? defaults.uid,
    gid: read(metadata['gid'], parseId) ?? read(metadata['file-group'], parseId) ?? defaults.gid,
    rdev: read(metadata['rdev'], parseId) ?? 0,
    atimeNs: read(metadata['atime'], parseTime) ?? read(metadata['file-atime'], parseAwsTime) ?? mtimeNs,
    mtimeNs,
    ctimeNs: read(metadata['ctime'], parseTime) ?? mtimeNs,
    ...(btimeNs === undefined ? {} : { btimeNs }),
    xattrs: read(metadata['xattr'], parseXattrs) ?? NO_XATTRS,
  };
}

/**
 * User metadata in the dialect of s3fs. Foreign names of `existing` stay; the AWS `file-*` names are restated with
 * the new values where they were there, so that no reader sees stale ones.
 *
 * @param dialect - `s3fs-and-aws`: the `file-*` names are written in any case.
 */
export function writePosix(
  posix: Posix,
  existing: UserMetadata = {},
  dialect: MetadataDialect = 's3fs',
): UserMetadata {
  const foreign = Object.entries(existing).filter(([name, value]) => !isOwn(name, value));
  return {
    mode: `${posix.mode}`,
    uid: `${posix.uid}`,
    gid: `${posix.gid}`,
    mtime: formatSeconds(posix.mtimeNs),
    ctime: formatSeconds(posix.ctimeNs),
    atime: formatSeconds(posix.atimeNs),
    ...Object.fromEntries(foreign),
    ...(posix.btimeNs === undefined ? {} : { btime: formatSeconds(posix.btimeNs) }),
    ...(posix.rdev === 0 ? {} : { rdev: `${posix.rdev}` }),
    ...(posix.xattrs.size === 0 ? {} : { xattr: formatXattrs(posix.xattrs) }),
    ...awsNames(posix, existing, dialect),
  };
}

/** User metadata that described the old bytes and would lie about new ones (rclone's MD5 of the whole). */
export function withoutContentFacts(metadata: UserMetadata): UserMetadata {
  return Object.fromEntries(Object.entries(metadata).filter(([name]) => name !== 'md5chksum'));
}

/** Bytes that S3 counts against {@link METADATA_MAX_BYTES}, with each name's prefix to be on the safe side. */
export function metadataBytes(metadata: UserMetadata): number {
  return Object.entries(metadata).reduce(
    (sum, [name, value]) => sum + Buffer.byteLength(`x-amz-meta-${name}`) + Buffer.byteLength(value),
    0,
  );
}

function isOwn(name: string, value: string): boolean {
  if (name === 'xattr') return parseXattrs(value) !== undefined;
  if (name === 'btime') return parseTime(value) !== undefined;
  return OWN_NAMES.has(name);
}

function readMode(metadata: UserMetadata, keyIsDirectory: boolean): number {
  const given =
    read(metadata['mode'], (text) => parseModeText(text, keyIsDirectory)) ??
    read(metadata['file-permissions'], parseOctalMode);
  if (keyIsDirectory) return S_IFDIR | permissions(given ?? 0o755);
  if (given === undefined) return S_IFREG | 0o644;
  const type = fileType(given);
  return type === 0 || type === S_IFDIR ? S_IFREG | permissions(given) : given;
}

function awsNames(posix: Posix, existing: UserMetadata, dialect: MetadataDialect): UserMetadata {
  const values: UserMetadata = {
    'file-permissions': `0${posix.mode.toString(8)}`,
    'file-owner': `${posix.uid}`,
    'file-group': `${posix.gid}`,
    'file-mtime': `${posix.mtimeNs}ns`,
    'file-atime': `${posix.atimeNs}ns`,
  };
  if (dialect === 's3fs-and-aws') return values;
  return Object.fromEntries(Object.entries(values).filter(([name]) => existing[name] !== undefined));
}

function read<T>(text: string | undefined, parse: (text: string) => T | undefined): T | undefined {
  return text === undefined ? undefined : parse(text);
}

function parseId(text: string): number | undefined {
  if (!/^\d{1,10}$/.test(text)) return undefined;
  const id = Number(text);
  return id <= 0xffffffff ? id : undefined;
}
