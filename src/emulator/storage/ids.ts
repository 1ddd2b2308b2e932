import { randomBytes } from 'node:crypto';

/** 32 characters, safe in URLs and file names, like S3's own version ids. */
export function newVersionId(): string {
  return randomBytes(16).toString('hex');
}

/** Sorts by the time of its making: ListMultipartUploads gives the uploads of a key in that order. */
export function newUploadId(nowMs: number): string {
  return `${Math.floor(nowMs).toString(16).padStart(12, '0')}${randomBytes(18).toString('hex')}`;
}
