import pLimit, { type LimitFunction } from 'p-limit';
import { Failure } from '../../errors/failure.js';
import type { ObjectDescription, UploadedPart } from '../../s3/store.js';
import type { Context } from '../context.js';
import type { Posix } from '../metadata/posix.js';
import { abortUpload, type MultipartUpload } from './multipart.js';
import type { PartLimits, PlannedPart } from './part-plan.js';
import { sendStagePart } from './stage-part.js';
import type { Stage } from './stage.js';

/** Parts grow so that 10,000 of them hold 5 TiB from any first size: 8 MiB first, 85 MiB at 100 GiB. */
const GROWTH = 1200;
const MIB = 2 ** 20;

interface StreamPart extends PlannedPart {
  readonly partNumber: number;
  /** Counts changes of its bytes. */
  changes: number;
  /** `changes` when it was last sent: where that is less than now, it is to be sent again. */
  triedChanges: number;
  /** Its bytes are no longer in the stage. */
  isEvicted: boolean;
  sent: UploadedPart | undefined;
  /** Settles when the request is over; never rejects. */
  over: Promise<void>;
}

/** Size of the next part to upload at an offset, in bytes. */
export function streamPartBytes(offset: number, { uploadPartBytes, maxPartBytes }: PartLimits): number {
  const least = offset / GROWTH;
  if (least <= uploadPartBytes) return uploadPartBytes;
  return Math.min(maxPartBytes, Math.ceil(least / MIB) * MIB);
}

/**
 * A multipart upload of a file that is still being written: parts go as soon as the file has grown past them. A change
 * of what was sent makes its part stale, and it is sent again at the end. All methods but {@link parts} are called with
 * the file's lock.
 */
export class UploadStream {
  readonly upload: MultipartUpload;
  /** What the object will say of itself. */
  readonly description: ObjectDescription;
  readonly #context: Context;
  readonly #stage: Stage;
  readonly #limit: LimitFunction;
  readonly #failed = new Set<StreamPart>();
  #stop = new AbortController();
  #parts: StreamPart[] = [];
  #nextOffset = 0;
  #nextNumber = 1;

  /** The attributes that went with the description. */
  readonly posix: Posix;
  /** Time of the last write: where the file still has it, nobody has set another. */
  lastWriteNs: bigint;

  constructor(
    context: Context,
    stage: Stage,
    upload: MultipartUpload,
    description: ObjectDescription,
    posix: Posix,
  ) {
    this.posix = posix;
    this.lastWriteNs = posix.mtimeNs;
    this.#context = context;
    this.#stage = stage;
    this.upload = upload;
    this.description = description;
    this.#limit = pLimit(context.partConnections);
  }

  get key(): string {
    return this.upload.key;
  }

  get parts(): readonly Pick<StreamPart, 'start' | 'end' | 'isEvicted' | 'sent'>[] {
    return this.#parts;
  }

  /** Whether bytes of the range are in parts only, where nothing can read them. */
  isEvicted(start: number, end: number): boolean {
    return this.#parts.some((part) => part.isEvicted && part.start < end && part.end > start);
  }

  get hasEvicted(): boolean {
    return this.#parts.some(({ isEvicted }) => isEvicted);
  }

  /** Notes that bytes of a range are about to change. */
  touch(start: number, end: number): void {
    for (const part of this.#parts) if (part.start < end && part.end > start) part.changes += 1;
  }

  /** Forgets what lies at or behind a new end of the file. */
  cut(sizeBytes: number): void {
    const kept = this.#parts.filter((part) => part.end <= sizeBytes);
    this.#parts = kept;
    this.#nextOffset = Math.min(this.#nextOffset, kept.at(-1)?.end ?? 0);
  }

  /** Sends what the file has grown past; does not wait. */
  advance(): void {
    for (let part = this.#nextPart(false); part !== undefined; part = this.#nextPart(false))
      this.#launch(part);
  }

  /** Gives the room of parts back that are on S3, oldest first, until stages are within their limit. */
  async evict(): Promise<void> {
    const { stageSpace } = this.#context;
    for (const part of this.#parts) {
      if (stageSpace.usedBytes <= stageSpace.limitBytes) return;
      if (!isSent(part) || part.isEvicted) continue;
      part.isEvicted = true;
      await this.#stage.evictSent(part.start, part.end);
      if (this.#stage.slices(part.start, part.end).some(({ source }) => source !== 'sent'))
        part.isEvicted = false;
    }
  }

  /** The parts that are on their way, if any: settles with the first that is over. */
  nextOver(): Promise<void> | undefined {
    const waiting = this.#parts.filter((part) => !isSent(part) && !isStale(part) && !this.#failed.has(part));
    return waiting.length === 0 ? undefined : Promise.race(waiting.map(({ over }) => over));
  }

  /**
   * Sends what is missing, stale or failed, up to the end of the file.
   *
   * @returns All parts of the file.
   * @throws Failure of the first part that could not be sent.
   */
  async finish(signal: AbortSignal | undefined): Promise<readonly UploadedPart[]> {
    for (let part = this.#nextPart(true); part !== undefined; part = this.#nextPart(true)) this.#launch(part);
    const onAbort = (): void => {
      this.#stop.abort();
      this.#stop = new AbortController();
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      await Promise.all(this.#parts.map(({ over }) => over));
      const again = this.#parts.filter((part) => !isSent(part));
      signal?.throwIfAborted();
      await Promise.all(again.map((part) => this.#limit(() => this.#send(part))));
    } finally {
      signal?.removeEventListener('abort', onAbort);
    }
    return this.#parts.map(({ sent, partNumber }) => {
      if (sent === undefined) throw new Failure('internal', `Part ${partNumber} of ${this.key} was not sent`);
      return sent;
    });
  }

  /** After a completion that failed: the file may go on to grow, so a last part that is short must not stay. */
  reopen(): void {
    const last = this.#parts.at(-1);
    if (last !== undefined && !last.isEvicted) this.cut(last.start);
  }

  /** Ends what is on its way, and the upload. Never fails. */
  async abort(): Promise<void> {
    await this.settle();
    await abortUpload(this.#context, this.upload);
  }

  /** Ends what is on its way; the upload stays. */
  async settle(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#parts.map(({ over }) => over));
  }

  /** The next part that the file has grown past; at the end, whatever there is. */
  #nextPart(isEnd: boolean): PlannedPart | undefined {
    const start = this.#nextOffset;
    const { sizeBytes } = this.#stage;
    const { partLimits } = this.#context;
    if (start >= sizeBytes || this.#nextNumber > partLimits.maxParts) return undefined;
    const [first] = this.#stage.slices(start, start + partLimits.copyPartBytes);
    if (first?.copy !== undefined && first.end - start >= partLimits.minPartBytes) {
      return { start, end: first.end, copy: first.copy };
    }
    const end = start + streamPartBytes(start, partLimits);
    if (end > sizeBytes && !isEnd) return undefined;
    return { start, end: Math.min(end, sizeBytes), copy: undefined };
  }

  #launch(planned: PlannedPart): void {
    const part: StreamPart = {
      ...planned,
      partNumber: this.#nextNumber,
      changes: 0,
      triedChanges: 0,
      isEvicted: false,
      sent: undefined,
      over: Promise.resolve(),
    };
    this.#nextNumber += 1;
    this.#nextOffset = planned.end;
    this.#parts.push(part);
    part.over = this.#limit(() => this.#send(part)).catch((error: unknown) => {
      this.#failed.add(part);
      const reason = Failure.from(error).message;
      this.#context.log.debug({ key: this.key, part: part.partNumber, reason }, 'a part is to be sent again');
    });
  }

  async #send(part: StreamPart): Promise<void> {
    const { signal } = this.#stop;
    signal.throwIfAborted();
    part.triedChanges = part.changes;
    const { key, uploadId } = this.upload;
    // A range that was saved before may have changed since the plan.
    const [only, ...more] = this.#stage.slices(part.start, part.end);
    const copy = more.length === 0 ? only?.copy : undefined;
    const sent = await sendStagePart(this.#context, this.#stage, { ...part, copy, key, uploadId }, signal);
    this.#failed.delete(part);
    if (!isStale(part)) part.sent = sent;
  }
}

/** Its bytes changed after it was last sent, or while. */
function isStale({ changes, triedChanges }: StreamPart): boolean {
  return changes !== triedChanges;
}

function isSent(part: StreamPart): boolean {
  return part.sent !== undefined && !isStale(part);
}
