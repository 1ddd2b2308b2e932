import { stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { usageError } from '../../errors/failure.js';
import type { TreePlace } from '../../transfer/copy/tree.js';
import { refuseBucketName } from '../bucket-url.js';
import { STREAM_WORD } from './stream-word.js';

/** What a person names as source or destination of a copy. */
export type Place =
  | { readonly kind: 'stream' }
  | { readonly kind: 'file'; readonly path: string }
  /** The key may be empty, or end with `/`: then it is a folder. */
  | { readonly kind: 'object'; readonly bucket: string; readonly key: string };

/** @throws Failure `usage` where it begins with `s3://` and names no bucket. */
export function parsePlace(text: string): Place {
  if (text === STREAM_WORD) return { kind: 'stream' };
  if (text === '') throw usageError('An empty name is no place', 'Give a path, s3://BUCKET/KEY, or -');
  if (!text.startsWith('s3://')) return { kind: 'file', path: text };
  const [, bucket = '', key = ''] = /^s3:\/\/([^/]*)\/?(.*)$/s.exec(text) ?? [];
  refuseBucketName(bucket);
  return { kind: 'object', bucket, key };
}

/** Where one file goes: below a folder it keeps its name. */
export async function settleTarget(source: Place, target: Place): Promise<Place> {
  const name =
    source.kind === 'file' ? basename(source.path) : source.kind === 'object' ? basename(source.key) : '';
  if (target.kind === 'object' && (target.key === '' || target.key.endsWith('/'))) {
    if (name === '') {
      throw usageError('A stream has no name to go by', 'Name the whole key: s3://BUCKET/KEY');
    }
    return { ...target, key: `${target.key}${name}` };
  }
  if (target.kind !== 'file') return target;
  const isFolder =
    target.path.endsWith('/') || (await stat(target.path).catch(() => undefined))?.isDirectory();
  return isFolder === true ? { kind: 'file', path: join(target.path, name) } : target;
}

/** @throws Failure `usage` where it can be no tree. */
export function treeAt(place: Place): TreePlace {
  if (place.kind === 'stream') throw usageError('A stream is no folder', 'Leave out --recursive');
  if (place.kind === 'file') return { kind: 'folder', path: place.path };
  const { bucket, key } = place;
  return { kind: 'prefix', bucket, key: key === '' || key.endsWith('/') ? key : `${key}/` };
}
