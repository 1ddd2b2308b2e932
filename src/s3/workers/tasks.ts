import { Failure } from '../../errors/failure.js';
import type { S3Credentials } from '../connection.js';
import { BodyStream } from '../lean/http/body-stream.js';
import type { GetOptions, ObjectRead, UploadedPart, WriteResult } from '../store.js';
import { fromData, READ_AHEAD_BYTES, type FromThread, type ThreadRequest } from './messages.js';
import type { TransferThread } from './transfer-thread.js';

/** Has a body sent. @throws Failure as the thread tells it, when nothing of the request goes on. */
export function sendBody<T extends UploadedPart | WriteResult>(
  thread: TransferThread,
  request: Exclude<ThreadRequest, { kind: 'get' }>,
  credentials: S3Credentials,
  signal: AbortSignal | undefined,
): Promise<T> {
  return new Promise((resolve, reject) => {
    thread.begin(request, credentials, signal, (message) => {
      if (message.type === 'failed') reject(fromData(message.failure));
      else if (message.type === 'done') resolve(message.result as T); // the reply to this kind of request
    });
  });
}

/** Has a body read. Its pieces come as the reader takes them, at most 3 MiB ahead. @throws Failure */
export function fetchBody(
  thread: TransferThread,
  key: string,
  { signal, ...options }: GetOptions,
  credentials: S3Credentials,
): Promise<ObjectRead> {
  return new Promise((resolve, reject) => {
    let body: BodyStream | undefined;
    let takenBytes = 0;
    const take = (message: FromThread): void => {
      if (message.type === 'head') {
        const resume = (): void => {
          task.want(takenBytes + READ_AHEAD_BYTES);
        };
        body = new BodyStream({ resume, abandon: task.cancel }, (reason) => Failure.from(reason));
        resolve({ ...message.read, body });
      } else if (message.type === 'piece') {
        const { buffer, byteOffset, byteLength } = message.bytes;
        takenBytes += byteLength;
        body?.push(Buffer.from(buffer, byteOffset, byteLength));
      } else if (message.type === 'done') body?.finish();
      else if (body === undefined) reject(fromData(message.failure));
      else body.destroy(fromData(message.failure));
    };
    const task = thread.begin({ kind: 'get', key, options }, credentials, signal, take);
  });
}
