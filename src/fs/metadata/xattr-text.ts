/** Extended attributes by name. */
export type Xattrs = ReadonlyMap<string, Uint8Array>;

/**
 * Reads `x-amz-meta-xattr` of s3fs: URL-encoded JSON of name to base64.
 *
 * @returns The attributes, or `undefined` where the text is not that (then it is foreign and stays as it is).
 */
export function parseXattrs(text: string): Xattrs | undefined {
  try {
    const parsed: unknown = JSON.parse(decodeURIComponent(text));
    if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return undefined;
    const result = new Map<string, Uint8Array>();
    for (const [name, value] of Object.entries(parsed)) {
      if (typeof value !== 'string') return undefined;
      result.set(name, Buffer.from(value, 'base64'));
    }
    return result;
  } catch {
    return undefined;
  }
}

/** The text for `x-amz-meta-xattr`. */
export function formatXattrs(xattrs: Xattrs): string {
  const pairs = [...xattrs].map(([name, value]) => [name, Buffer.from(value).toString('base64')] as const);
  return encodeURIComponent(JSON.stringify(Object.fromEntries(pairs)));
}
