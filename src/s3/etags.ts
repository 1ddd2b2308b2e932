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
