import { Transform, type TransformCallback } from 'node:stream';
import { S3Error } from '../protocol/s3-error.js';
import { ChunkSigner } from './chunk-signer.js';
import type { ChunkSigning } from './payload.js';

/** S3 refuses smaller chunks, except the last one that holds data. */
const MIN_CHUNK_BYTES = 8192;
/** Longer than any line of a chunk header or trailer that S3 knows. */
const MAX_LINE_BYTES = 8192;
const MAX_TRAILER_LINES = 16;

/** How a body of `Content-Encoding: aws-chunked` is to be read. */
export interface ChunkedBody {
  /** From `x-amz-decoded-content-length`. */
  readonly decodedBytes: number;
  readonly signing?: ChunkSigning;
  readonly trailer: boolean;
}

type State = 'header' | 'data' | 'data-end' | 'trailer' | 'done';

/**
 * Decodes `aws-chunked` while it flows, verifies each chunk signature as its last byte passes, and keeps the
 * trailing fields. Data goes on before its chunk is verified: whoever takes it must not commit before the end
 * (https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html).
 *
 * Fails with S3Error `SignatureDoesNotMatch`, `InvalidChunkSizeError`, `IncompleteBody`, `MalformedTrailerError` or
 * `InvalidRequest`.
 */
export class ChunkDecoder extends Transform {
  /** Fields after the last chunk, names in lower case; complete once the stream has ended. */
  readonly trailers = new Map<string, string>();
  readonly #body: ChunkedBody;
  readonly #signer: ChunkSigner | undefined;
  #state: State = 'header';
  #line = '';
  #chunkSignature = '';
  #remaining = 0;
  #smallChunkSeen = false;
  #decoded = 0;
  #trailerText = '';
  #trailerSignature: string | undefined;

  constructor(body: ChunkedBody, highWaterMark: number) {
    super({ highWaterMark });
    this.#body = body;
    this.#signer = body.signing === undefined ? undefined : new ChunkSigner(body.signing);
  }

  override _transform(bytes: Buffer, _encoding: BufferEncoding, callback: TransformCallback): void {
    try {
      let offset = 0;
      while (offset < bytes.length) {
        offset = this.#state === 'data' ? this.#takeData(bytes, offset) : this.#takeLine(bytes, offset);
      }
      callback();
    } catch (reason) {
      callback(asError(reason));
    }
  }

  override _flush(callback: TransformCallback): void {
    callback(this.#state === 'done' ? null : new S3Error('IncompleteBody'));
  }

  #takeData(bytes: Buffer, offset: number): number {
    const data = bytes.subarray(offset, Math.min(bytes.length, offset + this.#remaining));
    this.#signer?.update(data);
    this.#remaining -= data.length;
    this.push(data);
    if (this.#remaining === 0) {
      this.#signer?.endChunk(this.#chunkSignature);
      this.#state = 'data-end';
    }
    return offset + data.length;
  }

  #takeLine(bytes: Buffer, offset: number): number {
    const end = bytes.indexOf(0x0a, offset);
    const stop = end < 0 ? bytes.length : end;
    this.#line += bytes.toString('latin1', offset, stop);
    if (this.#line.length > MAX_LINE_BYTES) throw malformed('A line of the chunked body is too long');
    if (end < 0) return stop;
    const line = this.#line;
    if (!line.endsWith('\r')) throw malformed('A line of the chunked body does not end with CR LF');
    this.#line = '';
    this.#onLine(line.slice(0, -1));
    return end + 1;
  }

  #onLine(line: string): void {
    if (this.#state === 'header') this.#onHeader(line);
    else if (this.#state === 'trailer') this.#onTrailer(line);
    else if (this.#state === 'data-end' && line === '') this.#state = 'header';
    else throw malformed('The chunked body goes on where a chunk should end');
  }

  #onHeader(line: string): void {
    const match = /^([0-9a-fA-F]{1,13})(?:;chunk-signature=([0-9a-f]{64}))?$/.exec(line);
    if (match === null) throw malformed('The header of a chunk is not well-formed');
    if (this.#signer !== undefined && match[2] === undefined) throw malformed('A chunk has no signature');
    const sizeBytes = parseInt(match[1] ?? '', 16);
    this.#chunkSignature = match[2] ?? '';
    if (sizeBytes === 0) {
      this.#signer?.endChunk(this.#chunkSignature);
      if (this.#decoded !== this.#body.decodedBytes) throw new S3Error('IncompleteBody');
      this.#state = 'trailer';
      return;
    }
    if (this.#smallChunkSeen) throw new S3Error('InvalidChunkSizeError');
    this.#smallChunkSeen = sizeBytes < MIN_CHUNK_BYTES;
    this.#decoded += sizeBytes;
    if (this.#decoded > this.#body.decodedBytes) throw new S3Error('IncompleteBody');
    this.#remaining = sizeBytes;
    this.#state = 'data';
  }

  #onTrailer(line: string): void {
    if (line === '') {
      this.#endTrailer();
      return;
    }
    const colon = line.indexOf(':');
    if (!this.#body.trailer || colon < 1) throw new S3Error('MalformedTrailerError');
    const name = line.slice(0, colon).trim().toLowerCase();
    const value = line.slice(colon + 1).trim();
    if (name === 'x-amz-trailer-signature') {
      this.#trailerSignature = value;
      return;
    }
    if (this.trailers.size >= MAX_TRAILER_LINES) throw new S3Error('MalformedTrailerError');
    this.trailers.set(name, value);
    this.#trailerText += `${name}:${value}\n`;
  }

  #endTrailer(): void {
    if (this.#signer !== undefined && this.#body.trailer) {
      if (this.#trailerSignature === undefined) throw new S3Error('MalformedTrailerError');
      this.#signer.endTrailer(this.#trailerText, this.#trailerSignature);
    }
    this.#state = 'done';
  }
}

function malformed(message: string): S3Error {
  return new S3Error('InvalidRequest', { message });
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}
