import type { StorageClass } from '../../config/storage-class.js';
import type { ContentHeaders, ObjectEncryption, UserMetadata } from '../../s3/store.js';

/** What S3 keeps with an object beside its bytes, and what a change of ours must not lose. */
export interface KeptFacts {
  /** User metadata as it lies there, foreign names included. */
  readonly metadata: UserMetadata;
  readonly headers: ContentHeaders;
  readonly storageClass: StorageClass;
  readonly encryption?: ObjectEncryption;
  /** Absent: none. */
  readonly tagCount?: number;
}

/** Those facts of something that has more. */
export function keptFacts(from: KeptFacts): KeptFacts {
  const { metadata, headers, storageClass, encryption, tagCount } = from;
  return {
    metadata,
    headers,
    storageClass,
    ...(encryption === undefined ? {} : { encryption }),
    ...(tagCount === undefined ? {} : { tagCount }),
  };
}
