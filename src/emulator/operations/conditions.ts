import type { RequestHead } from '../protocol/request-head.js';
import { S3Error } from '../protocol/s3-error.js';
import type { Condition, ObjectVersion } from '../storage/storage.js';

/** The four conditional header fields of one request; `prefix` is that of CopyObject's variants or ''. */
export interface ConditionFields {
  readonly match: string | undefined;
  readonly noneMatch: string | undefined;
  readonly modifiedSince: string | undefined;
  readonly unmodifiedSince: string | undefined;
}

export function conditionFields(head: RequestHead, prefix: '' | 'x-amz-copy-source-'): ConditionFields {
  return {
    match: head.header(`${prefix}if-match`),
    noneMatch: head.header(`${prefix}if-none-match`),
    modifiedSince: head.header(`${prefix}if-modified-since`),
    unmodifiedSince: head.header(`${prefix}if-unmodified-since`),
  };
}

export type ConditionResult =
  { readonly holds: true } | { readonly holds: false; readonly status: 304 | 412; readonly field: string };

/** Evaluates in the order of RFC 9110 section 13.2.2: a date counts only where its ETag field is absent. */
export function evaluate(fields: ConditionFields, version: ObjectVersion): ConditionResult {
  if (fields.match !== undefined) {
    if (!matches(fields.match, version.etag)) return { holds: false, status: 412, field: 'If-Match' };
  } else if (laterThan(version, fields.unmodifiedSince) === true) {
    return { holds: false, status: 412, field: 'If-Unmodified-Since' };
  }
  if (fields.noneMatch !== undefined) {
    if (matches(fields.noneMatch, version.etag)) return { holds: false, status: 304, field: 'If-None-Match' };
  } else if (laterThan(version, fields.modifiedSince) === false) {
    return { holds: false, status: 304, field: 'If-Modified-Since' };
  }
  return { holds: true };
}

/**
 * Whether a `Range` field counts by an `If-Range` field: RFC 9110 section 13.1.5. S3 knows it, though its documents do
 * not name it (https://github.com/aws/aws-sdk-kotlin/issues/1645). A weak tag and a date that is another one never hold.
 */
export function rangeCounts(ifRange: string | undefined, version: ObjectVersion): boolean {
  if (ifRange === undefined) return true;
  if (ifRange.startsWith('W/')) return false;
  if (ifRange.startsWith('"')) return ifRange === `"${version.etag}"`;
  return Date.parse(ifRange) === Math.floor(version.lastModifiedMs / 1000) * 1000;
}

/** Undefined where there is no date or it can not be read: such a field is ignored. */
function laterThan(version: ObjectVersion, date: string | undefined): boolean | undefined {
  const limitMs = date === undefined ? NaN : Date.parse(date);
  // A date of HTTP knows only seconds.
  return Number.isNaN(limitMs) ? undefined : Math.floor(version.lastModifiedMs / 1000) * 1000 > limitMs;
}

/** A list of entity tags, with or without quotes, or `*`. */
export function matches(list: string, etag: string): boolean {
  return list
    .split(',')
    .map((entry) =>
      entry
        .trim()
        .replace(/^W\//, '')
        .replace(/^"(.*)"$/, '$1'),
    )
    .some((entry) => entry === '*' || entry === etag);
}

export function preconditionFailed(field: string): S3Error {
  return new S3Error('PreconditionFailed', { details: { Condition: field } });
}

/**
 * The condition of a write: `If-None-Match: *` creates and never replaces, `If-Match` replaces just that version
 * (https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html).
 *
 * @returns a function to be called before the body is received and again under the key's lock. It throws
 * `PreconditionFailed`, `NoSuchKey` for `If-Match` on a missing object, or `ConditionalRequestConflict` where the
 * object went away between the two calls.
 * @throws S3Error `NotImplemented` for what S3 does not do on a write.
 */
export function writeCondition(head: RequestHead): Condition | undefined {
  const { match, noneMatch } = conditionFields(head, '');
  if (noneMatch !== undefined && noneMatch.trim() !== '*') throw notOnWrites('If-None-Match');
  if (match !== undefined && noneMatch !== undefined) throw notOnWrites('If-Match');
  if (match === undefined && noneMatch === undefined) return undefined;
  let existed = false;
  return (current) => {
    if (noneMatch !== undefined && current !== undefined) throw preconditionFailed('If-None-Match');
    if (match === undefined) return;
    if (current === undefined) throw existed ? conflict() : new S3Error('NoSuchKey');
    if (!matches(match, current.etag)) throw preconditionFailed('If-Match');
    existed = true;
  };
}

/** The object was there when the upload began and is gone at its end: S3 asks the client to fetch and try again. */
function conflict(): S3Error {
  return new S3Error('ConditionalRequestConflict', { details: { Condition: 'If-Match' } });
}

function notOnWrites(header: string): S3Error {
  return new S3Error('NotImplemented', { details: { Header: header } });
}

/**
 * The condition of a delete: only that version is removed; an object that is gone already is no failure
 * (https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObject.html).
 */
export function deleteCondition(match: string | undefined): Condition | undefined {
  if (match === undefined) return undefined;
  return (current) => {
    if (current !== undefined && !matches(match, current.etag)) throw preconditionFailed('If-Match');
  };
}
