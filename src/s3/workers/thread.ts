/** Entry point of a transfer thread: a lean store of its own, driven by messages. */
import { parentPort, workerData } from 'node:worker_threads';
import { Failure } from '../../errors/failure.js';
import type { S3Credentials } from '../connection.js';
import { createLeanStore } from '../lean/client.js';
import type { ObjectStore, UploadedPart, WriteResult } from '../store.js';
import {
  READ_AHEAD_BYTES,
  toData,
  type FromThread,
  type ThreadPlan,
  type ThreadRequest,
  type ToThread,
} from './messages.js';
import { ownedPieces } from './pieces.js';

/** Size of what crosses at one time; with a quarter of it, messages cost more CPU time than sockets. */
const PIECE_BYTES = 2 ** 20;

/** A request that goes on. */
class Task {
  readonly #stop = new AbortController();
  #wantedBytes = READ_AHEAD_BYTES;
  #wake: () => void = () => undefined;

  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  cancel(): void {
    this.#stop.abort();
    this.#wake();
  }

  want(endBytes: number): void {
    this.#wantedBytes = endBytes;
    this.#wake();
  }

  /** Waits until more than `sentBytes` are wanted. @throws the signal's reason. */
  async untilWanted(sentBytes: number): Promise<void> {
    while (sentBytes >= this.#wantedBytes && !this.signal.aborted) {
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    this.signal.throwIfAborted();
  }
}

const plan = workerData as ThreadPlan; // as `TransferThread` gives it
const tasks = new Map<number, Task>();
let current: { readonly credentials: S3Credentials; readonly store: ObjectStore } | undefined;

parentPort?.on('message', (message: ToThread) => {
  if (message.type === 'cancel') tasks.get(message.id)?.cancel();
  else if (message.type === 'want') tasks.get(message.id)?.want(message.endBytes);
  else void run(message.id, message.request, message.credentials);
});

/** Never rejects. */
async function run(id: number, request: ThreadRequest, credentials: S3Credentials): Promise<void> {
  const task = new Task();
  tasks.set(id, task);
  try {
    const store = storeWith(credentials);
    if (request.kind === 'get') {
      await fetchBody(id, request, store, task);
      tell({ type: 'done', id });
    } else tell({ type: 'done', id, result: await sendBody(request, store, task.signal) });
  } catch (reason) {
    tell({ type: 'failed', id, failure: toData(Failure.from(reason)) });
  } finally {
    tasks.delete(id);
  }
}

function sendBody(
  request: Exclude<ThreadRequest, { kind: 'get' }>,
  store: ObjectStore,
  signal: AbortSignal,
): Promise<UploadedPart | WriteResult> {
  const { key } = request;
  const body = Buffer.from(request.body.buffer, 0, request.body.sizeBytes);
  const options = { ...request.options, signal };
  if (request.kind === 'put') return store.put(key, body, options);
  return store.uploadPart(key, request.uploadId, request.partNumber, body, options);
}

async function fetchBody(
  id: number,
  { key, options }: Extract<ThreadRequest, { kind: 'get' }>,
  store: ObjectStore,
  task: Task,
): Promise<void> {
  const wish = { ...options, pieceBytes: PIECE_BYTES, signal: task.signal };
  const { body, ...read } = await store.get(key, wish);
  tell({ type: 'head', id, read });
  let sentBytes = 0;
  for await (const bytes of ownedPieces(body)) {
    await task.untilWanted(sentBytes);
    sentBytes += bytes.length;
    parentPort?.postMessage({ type: 'piece', id, bytes } satisfies FromThread, [bytes.buffer]);
  }
}

/** Requests that go on keep the store that they began with: its connections end when they come back. */
function storeWith(credentials: S3Credentials): ObjectStore {
  if (current !== undefined && isSame(current.credentials, credentials)) return current.store;
  current?.store.close();
  const store = createLeanStore({ ...plan.connection, credentials }, plan.bucket, plan.limits);
  current = { credentials, store };
  return store;
}

function isSame(left: S3Credentials, right: S3Credentials): boolean {
  return (
    left.accessKeyId === right.accessKeyId &&
    left.secretAccessKey === right.secretAccessKey &&
    left.sessionToken === right.sessionToken
  );
}

function tell(message: FromThread): void {
  parentPort?.postMessage(message);
}
