import type { RequestHead } from '../protocol/request-head.js';
import { S3Error } from '../protocol/s3-error.js';

/** Canned ACLs that a bucket takes whose owner owns all objects, the default of S3 since 2023. */
const HARMLESS_ACLS = ['private', 'bucket-owner-full-control', 'bucket-owner-read'];

/** Headers of S3 that ask for something this server does not do. */
const REFUSED = [
  'x-amz-server-side-encryption-customer-algorithm',
  'x-amz-website-redirect-location',
  'x-amz-object-lock-mode',
  'x-amz-object-lock-retain-until-date',
  'x-amz-object-lock-legal-hold',
  'x-amz-write-offset-bytes',
];

/**
 * Refuses what would silently not happen: a client must not believe that its object is locked or needs its key.
 *
 * @throws S3Error `NotImplemented`, `AccessControlListNotSupported`.
 */
export function refuseUnsupported(head: RequestHead): void {
  const refused = REFUSED.find((name) => head.headers.has(name));
  if (refused !== undefined) throw new S3Error('NotImplemented', { details: { Header: refused } });
  const acl = head.header('x-amz-acl');
  const grants = [...head.headers.names()].some((name) => name.startsWith('x-amz-grant-'));
  if (grants || (acl !== undefined && !HARMLESS_ACLS.includes(acl))) {
    throw new S3Error('AccessControlListNotSupported');
  }
}
