import { open, type FileHandle } from 'node:fs/promises';
import { Failure } from '../../errors/failure.js';
import { workerEventSchema, type WorkerEvent } from '../api/protocol.js';

const CHUNK_BYTES = 64 * 1024;

/** Reads the events that a worker appends to its file, each once. */
export class EventTail {
  private readonly file: FileHandle;
  private readonly buffer = Buffer.alloc(CHUNK_BYTES);
  private position = 0;
  private rest: Buffer = Buffer.alloc(0);

  private constructor(file: FileHandle) {
    this.file = file;
  }

  /** Makes the file where it is missing. */
  static async open(path: string): Promise<EventTail> {
    return new EventTail(await open(path, 'a+', 0o600));
  }

  /**
   * The events that came since the last call; a line without its end waits for the next call.
   *
   * @throws Failure `internal` where a whole line is no event of the protocol.
   */
  async read(): Promise<readonly WorkerEvent[]> {
    const events: WorkerEvent[] = [];
    for (;;) {
      const { bytesRead } = await this.file.read(this.buffer, 0, CHUNK_BYTES, this.position);
      if (bytesRead === 0) return events;
      this.position += bytesRead;
      this.rest = Buffer.concat([this.rest, this.buffer.subarray(0, bytesRead)]);
      const end = this.rest.lastIndexOf(0x0a);
      if (end < 0) continue;
      const lines = this.rest.subarray(0, end).toString('utf8').split('\n');
      this.rest = this.rest.subarray(end + 1);
      for (const line of lines) if (line !== '') events.push(parseEvent(line));
    }
  }

  async close(): Promise<void> {
    await this.file.close();
  }
}

function parseEvent(line: string): WorkerEvent {
  try {
    return workerEventSchema.parse(JSON.parse(line));
  } catch (cause) {
    throw new Failure('internal', `A suite worker wrote a line that is no event: ${line.slice(0, 200)}`, {
      cause,
    });
  }
}
