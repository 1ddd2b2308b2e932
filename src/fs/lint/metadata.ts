import type { UserMetadata } from '../../s3/store.js';
import { parseModeText, parseOctalMode } from '../metadata/mode-text.js';
import { parseAwsTime, parseTime } from '../metadata/time-text.js';
import { permissions } from '../modes.js';
import type { Finding } from './finding.js';

const isId = (text: string): boolean => /^\d{1,10}$/.test(text) && Number(text) <= 0xffffffff;
const isTime = (text: string): boolean => parseTime(text) !== undefined;
const isAwsTime = (text: string): boolean => parseAwsTime(text) !== undefined;

/** What each name must hold to be understood; the others are foreign and are only kept. */
const READABLE: Readonly<Record<string, (text: string, keyIsDirectory: boolean) => boolean>> = {
  mode: (text, keyIsDirectory) => parseModeText(text, keyIsDirectory) !== undefined,
  uid: isId,
  gid: isId,
  mtime: isTime,
  ctime: isTime,
  atime: isTime,
  'file-permissions': (text) => parseOctalMode(text) !== undefined,
  'file-owner': isId,
  'file-group': isId,
  'file-mtime': isAwsTime,
  'file-atime': isAwsTime,
};

/** Looks at the POSIX metadata of one object. */
export function metadataFindings(key: string, metadata: UserMetadata): Finding[] {
  const isDirectory = key.endsWith('/');
  return [
    ...unreadable(key, metadata, isDirectory),
    ...octalMode(key, metadata, isDirectory),
    ...disagreeing(key, metadata, isDirectory),
  ];
}

function unreadable(key: string, metadata: UserMetadata, isDirectory: boolean): Finding[] {
  const names = Object.entries(READABLE).filter(([name, isReadable]) => {
    const text = metadata[name];
    return text !== undefined && !isReadable(text, isDirectory);
  });
  return names.map(([name]) => ({
    key,
    rule: 'unreadable-metadata',
    reason: `x-amz-meta-${name} is "${metadata[name] ?? ''}", which no dialect reads, so the mount takes its default`,
    remedy: 'Set it anew: chmod, chown or touch in the mount',
  }));
}

/** rclone writes octal where s3fs writes decimal, under one name. */
function octalMode(key: string, metadata: UserMetadata, isDirectory: boolean): Finding[] {
  const text = metadata['mode'];
  const mode = text === undefined ? undefined : parseModeText(text, isDirectory);
  if (text === undefined || mode === undefined || mode === Number(text)) return [];
  const reason = `x-amz-meta-mode is "${text}" in octal, as rclone writes it; s3fs reads it in decimal, as other rights`;
  return [
    { key, rule: 'octal-mode', reason, remedy: `Run chmod ${permissions(mode).toString(8)} in the mount` },
  ];
}

function disagreeing(key: string, metadata: UserMetadata, isDirectory: boolean): Finding[] {
  const { mode, uid, gid, 'file-permissions': awsMode, 'file-owner': owner, 'file-group': group } = metadata;
  const own = mode === undefined ? undefined : parseModeText(mode, isDirectory);
  const aws = awsMode === undefined ? undefined : parseOctalMode(awsMode);
  const pairs = [
    own !== undefined && aws !== undefined && permissions(own) !== permissions(aws) ? 'mode' : undefined,
    uid !== undefined && owner !== undefined && uid !== owner ? 'owner' : undefined,
    gid !== undefined && group !== undefined && gid !== group ? 'group' : undefined,
  ];
  const names = pairs.filter((name) => name !== undefined);
  if (names.length === 0) return [];
  const reason = `the names of s3fs and of the AWS services disagree about ${names.join(', ')}; the mount believes s3fs's`;
  return [
    { key, rule: 'dialects-disagree', reason, remedy: 'Run chmod or chown in the mount, which sets both' },
  ];
}
