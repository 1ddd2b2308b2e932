import { S3Error } from '../protocol/s3-error.js';
import { uriEncode } from '../protocol/uri.js';
import type { S3Request } from './request.js';

/** Most entries of one page, and the default. */
const PAGE_LIMIT = 1000;

/** What all listings share. */
export interface ListParameters {
  readonly prefix: string;
  readonly delimiter: string;
  /** As the client wrote it, for the echo in the reply. */
  readonly maxKeys: number;
  /** Text of keys as the client wants it. */
  readonly encode: (text: string) => string;
  readonly encodingType: string | undefined;
}

/** @throws S3Error `InvalidArgument`. */
export function readListParameters(request: S3Request, maxName: string): ListParameters {
  const encodingType = request.head.parameter('encoding-type');
  if (encodingType !== undefined && encodingType !== 'url') {
    throw new S3Error('InvalidArgument', {
      message: 'Invalid Encoding Method specified in Request',
      details: { ArgumentName: 'encoding-type', ArgumentValue: encodingType },
    });
  }
  return {
    prefix: request.head.parameter('prefix') ?? '',
    delimiter: request.head.parameter('delimiter') ?? '',
    maxKeys: integerParameter(request, maxName) ?? PAGE_LIMIT,
    encode: encodingType === undefined ? (text) => text : encodeListed,
    encodingType,
  };
}

/** Listings leave `/` as it is. */
function encodeListed(text: string): string {
  return uriEncode(text).replaceAll('%2F', '/');
}

/** How many entries a page may hold at most. */
export function pageSize(parameters: ListParameters): number {
  return Math.min(parameters.maxKeys, PAGE_LIMIT);
}

/**
 * A parameter that counts something.
 *
 * @throws S3Error `InvalidArgument` where it is no number of 0 to 2^31-1.
 */
export function integerParameter(request: S3Request, name: string): number | undefined {
  const text = request.head.parameter(name);
  if (text === undefined || text === '') return undefined;
  if (/^\d+$/.test(text) && Number(text) <= 2_147_483_647) return Number(text);
  throw new S3Error('InvalidArgument', {
    message: /^-?\d+$/.test(text)
      ? `Argument ${name} must be an integer between 0 and 2147483647`
      : `Provided ${name} not an integer or within integer range`,
    details: { ArgumentName: name, ArgumentValue: text },
  });
}
