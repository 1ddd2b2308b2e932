const NS_PER_SECOND = 1_000_000_000n;
const NS_PER_MS = 1_000_000n;

/** Nanoseconds since the epoch as s3fs writes them: `sec`, or `sec.NNNNNNNNN` where the fraction is not 0. */
export function formatSeconds(timeNs: bigint): string {
  const nanoseconds = ((timeNs % NS_PER_SECOND) + NS_PER_SECOND) % NS_PER_SECOND;
  const seconds = (timeNs - nanoseconds) / NS_PER_SECOND;
  return nanoseconds === 0n ? `${seconds}` : `${seconds}.${nanoseconds.toString().padStart(9, '0')}`;
}

/**
 * Reads the time of s3fs (`sec.NNNNNNNNN`), rclone (`sec.N`, trailing zeros dropped) or rclone's RFC 3339 fields.
 * Before 1970, nine digits mean a timespec (`-2.500000000` is 1.5 s before), fewer a decimal fraction.
 *
 * @returns Nanoseconds since the epoch, or `undefined` where the text is no time.
 */
export function parseTime(text: string): bigint | undefined {
  const match = /^(-?)(\d{1,15})(?:\.(\d{1,9})\d*)?$/.exec(text);
  if (match === null) return parseRfc3339(text);
  const [, sign = '', whole = '0', digits = ''] = match;
  const fraction = BigInt(digits.padEnd(9, '0'));
  const seconds = BigInt(whole) * NS_PER_SECOND;
  if (sign === '') return seconds + fraction;
  return digits.length === 9 ? fraction - seconds : -seconds - fraction;
}

/** Reads `file-mtime` of the AWS services: nanoseconds with the suffix `ns`, milliseconds otherwise. */
export function parseAwsTime(text: string): bigint | undefined {
  const match = /^(-?\d{1,20})(ns|ms)?$/.exec(text);
  if (match === null) return undefined;
  const value = BigInt(match[1] ?? '0');
  return match[2] === 'ns' ? value : value * NS_PER_MS;
}

function parseRfc3339(text: string): bigint | undefined {
  const match = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?(Z|[+-]\d{2}:\d{2})$/.exec(text);
  if (match === null) return undefined;
  const [, stamp = '', digits = '', zone = 'Z'] = match;
  const milliseconds = Date.parse(`${stamp}${zone}`);
  if (Number.isNaN(milliseconds)) return undefined;
  return BigInt(milliseconds) * NS_PER_MS + BigInt(digits.padEnd(9, '0'));
}
