import { Failure } from '../errors/failure.js';

/**
 * The form of RFC 9110 section 8.8.3, in which headers carry an entity tag. Ceph RGW 16.2 leaves the quotes out in the
 * bodies of its replies to CopyObject and UploadPartCopy.
 */
export function quotedEtag(etag: string): string {
  return etag === '' || etag.endsWith('"') ? etag : `"${etag}"`;
}

/** The tag without its quotes, as `Content-MD5` would have it in hex. */
export function bareEtag(etag: string): string {
  return etag.replace(/^"(.*)"$/, '$1');
}

/**
 * Every object has an entity tag: a reply of status 200 without one is a proxy's page or an error document.
 *
 * @param what - What was asked: `GetObject key`.
 * @throws Failure `server-error`.
 */
export function requireEtag(etag: string | undefined, what: string): void {
  if (etag !== undefined && etag !== '') return;
  throw new Failure('server-error', `${what}: the reply has no ETag, so it is not about an object`);
}
