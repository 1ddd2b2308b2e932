/**
 * S3 orders keys by their UTF-8 bytes; JavaScript compares UTF-16 units, which differs beyond the basic plane. The
 * sortable form holds one byte per character, so that `<` and `startsWith` are right and fast. ASCII stays as it is.
 */
export function toSortable(key: string): string {
  return isAscii(key) ? key : Buffer.from(key, 'utf8').toString('latin1');
}

/** The key of a sortable form. */
export function fromSortable(sortable: string): string {
  return isAscii(sortable) ? sortable : Buffer.from(sortable, 'latin1').toString('utf8');
}

/** The first place behind everything that begins with `prefix`: no byte is as large as U+0100. */
export function afterPrefix(prefix: string): string {
  return `${prefix}\u0100`;
}

function isAscii(text: string): boolean {
  // eslint-disable-next-line no-control-regex -- keys may hold control characters; all of ASCII is meant.
  return /^[\x00-\x7f]*$/.test(text);
}
