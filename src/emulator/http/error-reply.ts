import { Failure } from '../../errors/failure.js';
import type { Reply } from '../operations/request.js';
import { S3Error } from '../protocol/s3-error.js';
import { element, tag, XML_DECLARATION } from '../protocol/xml-writer.js';

/** The identifiers that S3 gives each reply, in headers and in error bodies. */
export interface ReplyIds {
  readonly requestId: string;
  readonly hostId: string;
}

/** What the client gets for a failure: S3's error document, or the headers of a 304. */
export function errorReply(reason: unknown, resource: string, ids: ReplyIds): Reply {
  const { status, code, message, details, headers } = describe(reason);
  if (status === 304) return { status, headers };
  const body =
    XML_DECLARATION +
    element(
      'Error',
      tag('Code', code),
      tag('Message', message),
      ...Object.entries(details).map(([name, value]) => tag(name, value)),
      tag('Resource', resource),
      tag('RequestId', ids.requestId),
      tag('HostId', ids.hostId),
    );
  return { status, headers: { 'content-type': 'application/xml', ...headers }, body };
}

interface Description {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly details: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
}

function describe(reason: unknown): Description {
  if (reason instanceof S3Error) {
    const { httpStatus, s3Code, message, details, headers } = reason;
    return { status: httpStatus, code: s3Code, message, details, headers };
  }
  if (reason instanceof Failure && reason.status !== undefined && reason.code !== undefined) {
    return { status: reason.status, code: reason.code, message: reason.message, details: {}, headers: {} };
  }
  return describe(new S3Error('InternalError', { cause: reason }));
}
