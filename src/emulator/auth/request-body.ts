import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { Failure } from '../../errors/failure.js';
import type { RequestHead } from '../protocol/request-head.js';
import { S3Error } from '../protocol/s3-error.js';
import { piecesOf } from '../http/pieces-of.js';
import { ChunkDecoder } from './chunk-decoder.js';
import type { Payload } from './payload.js';
import { EMPTY_SHA256 } from './signing.js';

/** Buffered between socket and storage: few and large pieces cost least time per byte. */
const HIGH_WATER_MARK_BYTES = 1024 * 1024;

/** The body of one request: decoded, and verified against the signature, while it is read. */
export class RequestBody {
  /** Length of the content, without the framing of chunks; absent where the request does not announce it. */
  readonly sizeBytes: number | undefined;
  readonly #request: Readable;
  readonly #payload: Payload;
  readonly #announce: () => void;
  #trailers: ReadonlyMap<string, string> = new Map();
  #receivedBytes = 0;

  /**
   * @param announce - Called when the body is about to be read: sends `100 Continue` where the client waits for it.
   * @throws S3Error `XAmzContentSHA256Mismatch` for a signed hash of a body that is not there, `InvalidArgument` for a
   * length that is no number.
   */
  constructor(request: Readable, head: RequestHead, payload: Payload, announce: () => void) {
    this.#request = request;
    this.#payload = payload;
    this.#announce = announce;
    const wireBytes = lengthOf(head, 'content-length');
    this.sizeBytes = payload.kind === 'chunked' ? lengthOf(head, 'x-amz-decoded-content-length') : wireBytes;
    const empty = (wireBytes ?? 0) === 0 && !head.headers.has('transfer-encoding');
    if (empty && payload.kind === 'hash') checkHash(payload.sha256, EMPTY_SHA256);
  }

  /** Content that was read so far. */
  get receivedBytes(): number {
    return this.#receivedBytes;
  }

  /** Fields after the last chunk, names in lower case; complete once `bytes()` has ended. */
  get trailers(): ReadonlyMap<string, string> {
    return this.#trailers;
  }

  /**
   * The content, once. It ends without an error only where length, hash and chunk signatures were right.
   *
   * @throws S3Error `MissingContentLength`, `IncompleteBody`, `XAmzContentSHA256Mismatch` or those of the
   * chunk decoder; Failure `reset` where the client went away.
   */
  async *bytes(): AsyncGenerator<Uint8Array, void, undefined> {
    if (this.sizeBytes === undefined) throw new S3Error('MissingContentLength');
    this.#announce();
    const hash = this.#payload.kind === 'hash' ? createHash('sha256') : undefined;
    for await (const piece of this.#pieces(this.sizeBytes)) {
      hash?.update(piece);
      this.#receivedBytes += piece.length;
      yield piece;
    }
    if (this.#receivedBytes !== this.sizeBytes) throw new S3Error('IncompleteBody');
    if (hash !== undefined && this.#payload.kind === 'hash')
      checkHash(this.#payload.sha256, hash.digest('hex'));
  }

  /**
   * The whole content of a small document.
   *
   * @throws S3Error `MaxMessageLengthExceeded` beyond `limitBytes`; else as `bytes`.
   */
  async collect(limitBytes: number): Promise<Buffer> {
    if ((this.sizeBytes ?? 0) > limitBytes) throw new S3Error('MaxMessageLengthExceeded');
    const pieces: Uint8Array[] = [];
    for await (const piece of this.bytes()) pieces.push(piece);
    return Buffer.concat(pieces);
  }

  async *#pieces(sizeBytes: number): AsyncGenerator<Uint8Array, void, undefined> {
    const source = this.#source(sizeBytes);
    try {
      // Not destroyed on an early return: the connection must live on to carry the error reply.
      yield* piecesOf(source);
    } catch (reason) {
      if (reason instanceof Failure) throw reason;
      throw new Failure('reset', 'The client went away before its request was whole', { cause: reason });
    }
  }

  #source(sizeBytes: number): Readable {
    const payload = this.#payload;
    if (payload.kind !== 'chunked') return this.#request;
    const decoder = new ChunkDecoder({ ...payload, decodedBytes: sizeBytes }, HIGH_WATER_MARK_BYTES);
    this.#trailers = decoder.trailers;
    this.#request.once('error', (reason) => decoder.destroy(reason));
    this.#request.pipe(decoder);
    return decoder;
  }
}

function lengthOf(head: RequestHead, name: string): number | undefined {
  const text = head.header(name);
  if (text === undefined) return undefined;
  if (!/^\d{1,15}$/.test(text)) {
    throw new S3Error('InvalidArgument', { details: { ArgumentName: name, ArgumentValue: text } });
  }
  return Number(text);
}

function checkHash(signed: string, computed: string): void {
  if (signed === computed) return;
  throw new S3Error('XAmzContentSHA256Mismatch', {
    details: { ClientComputedContentSHA256: signed, S3ComputedContentSHA256: computed },
  });
}
