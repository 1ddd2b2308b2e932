import { Failure } from '../../errors/failure.js';
import type { S3Connection } from '../connection.js';
import type { Origin } from './http/connection.js';

/** Where the requests on one bucket go. */
export interface BucketAddress {
  readonly origin: Origin;
  /** Value of `Host`. */
  readonly host: string;
  /** What stands before the `/` of the key: base path of the endpoint, and the bucket where it is in the path. */
  readonly pathPrefix: string;
}

/**
 * The address of a bucket: of the endpoint, or of AWS in the region (AWS General Reference, "Amazon S3 endpoints").
 *
 * @throws Failure `usage` where the endpoint is no URL of HTTP.
 */
export function addressOf(connection: S3Connection, bucket: string): BucketAddress {
  const url = new URL(
    connection.endpoint ?? `https://s3.${connection.region}.${suffixOf(connection.region)}`,
  );
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new Failure('usage', `The endpoint ${url.href} is no URL of http or https`, { subject: url.href });
  }
  const isTls = url.protocol === 'https:';
  const basePath = url.pathname.replace(/\/+$/, '');
  // The wildcard of a certificate stands for one label (RFC 6125 section 6.4.3).
  const inPath = connection.forcePathStyle || (isTls && bucket.includes('.'));
  const hostname = inPath ? url.hostname : `${bucket}.${url.hostname}`;
  const port = url.port === '' ? (isTls ? 443 : 80) : Number(url.port);
  return {
    origin: { isTls, host: hostname.replace(/^\[(.*)\]$/, '$1'), port },
    host: url.port === '' ? hostname : `${hostname}:${url.port}`,
    pathPrefix: inPath ? `${basePath}/${encodePath(bucket)}` : basePath,
  };
}

function suffixOf(region: string): string {
  return region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
}

/** A key as it stands in a path: everything but unreserved characters (RFC 3986 section 2.3) and `/` is encoded. */
export function encodePath(key: string): string {
  return isUnreserved(key, true) ? key : key.split('/').map(encodeText).join('/');
}

/** Sorted, as the signature wants it; a value of `undefined` stands for a name alone. */
export function encodeQuery(query: Readonly<Record<string, string | undefined>>): string {
  const pairs = Object.entries(query).map(
    ([name, value]) => `${encodeText(name)}=${encodeText(value ?? '')}`,
  );
  return pairs.sort().join('&');
}

/** @throws Failure `invalid-argument` for half a surrogate pair, which no UTF-8 can carry. */
function encodeText(text: string): string {
  if (isUnreserved(text, false)) return text;
  try {
    return encodeURIComponent(text).replaceAll(
      /[!'()*]/g,
      (found) => `%${found.charCodeAt(0).toString(16).toUpperCase()}`,
    );
  } catch (cause) {
    throw new Failure('invalid-argument', `${JSON.stringify(text)} is not Unicode`, { cause });
  }
}

function isUnreserved(text: string, withSlash: boolean): boolean {
  return (withSlash ? /^[\w.~/-]*$/ : /^[\w.~-]*$/).test(text);
}
