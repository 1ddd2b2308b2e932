import { randomBytes } from 'node:crypto';
import { Failure } from '../errors/failure.js';

/**
 * A run's id: UTC time to the second, then 24 random bits, `20251122t110329-4f9c1a`. Ids sort by time as text, and
 * the whole alphabet is allowed in bucket names.
 */
export function newRunId(nowMs: number = Date.now(), random: Uint8Array = randomBytes(3)): string {
  const stamp = new Date(nowMs)
    .toISOString()
    .replace(/\.\d+Z$/, '')
    .replace(/[-:]/g, '')
    .toLowerCase();
  return `${stamp}-${Buffer.from(random).toString('hex')}`;
}

/**
 * `objectfs-<suite>-<run>`: 3 to 63 lower-case letters, digits and hyphens (S3 User Guide, "Bucket naming rules").
 *
 * @throws Failure `usage` where the suite's name does not fit into such a name.
 */
export function bucketName(suite: string, runId: string): string {
  const name = `objectfs-${suite}-${runId}`;
  if (!/^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/.test(name)) {
    throw new Failure('usage', `"${name}" is no bucket name`, {
      subject: name,
      remedy: 'Name the suite with at most 30 lower-case letters, digits and hyphens',
    });
  }
  return name;
}
