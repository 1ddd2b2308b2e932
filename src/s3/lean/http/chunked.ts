import { wireError } from './wire-error.js';

/** Longest line of sizes and trailers; S3 sends neither extensions nor trailers that come near. */
const MAX_LINE_BYTES = 16 * 1024;

/** Takes the chunked coding apart (RFC 9112 section 7.1). */
export class ChunkedDecoder {
  #line = '';
  #state: 'size' | 'data' | 'data-end' | 'trailer' | 'done' = 'size';
  #leftBytes = 0;

  get isDone(): boolean {
    return this.#state === 'done';
  }

  /**
   * Calls `onData` with views of `bytes`.
   *
   * @returns bytes that were used; less than all of them only after the end.
   */
  push(bytes: Buffer, onData: (data: Buffer) => void): number {
    let at = 0;
    while (at < bytes.length && this.#state !== 'done') {
      if (this.#state === 'data') {
        const data = bytes.subarray(at, at + this.#leftBytes);
        at += data.length;
        this.#leftBytes -= data.length;
        if (this.#leftBytes === 0) this.#state = 'data-end';
        onData(data);
      } else at = this.#takeLine(bytes, at);
    }
    return at;
  }

  #takeLine(bytes: Buffer, at: number): number {
    const end = bytes.indexOf(10, at);
    this.#line += bytes.toString('latin1', at, end < 0 ? bytes.length : end);
    if (this.#line.length > MAX_LINE_BYTES) throw malformed();
    if (end < 0) return bytes.length;
    const line = this.#line.endsWith('\r') ? this.#line.slice(0, -1) : this.#line;
    this.#line = '';
    this.#endLine(line);
    return end + 1;
  }

  #endLine(line: string): void {
    if (this.#state === 'data-end') {
      if (line !== '') throw malformed();
      this.#state = 'size';
    } else if (this.#state === 'trailer') {
      if (line === '') this.#state = 'done';
    } else {
      const size = /^([0-9a-f]{1,12})[ \t]*(?:;|$)/i.exec(line)?.[1];
      if (size === undefined) throw malformed();
      this.#leftBytes = Number.parseInt(size, 16);
      this.#state = this.#leftBytes === 0 ? 'trailer' : 'data';
    }
  }
}

function malformed(): Error {
  return wireError('HPE_INVALID_CHUNK_SIZE', 'Parse Error: the chunked coding is broken');
}
