import type { UploadedPart } from '../../s3/store.js';
import { JournalFile, type SourcePin } from './journal-file.js';
import type { UploadEntry } from './schemas.js';

/** A part that is on the server. */
export interface SentPart extends UploadedPart {
  readonly sizeBytes: number;
  readonly crc32?: string | undefined;
}

/** What a multipart upload needs to go on after its process has ended. */
export interface UploadJournal {
  /** Absent: nothing has begun. */
  readonly uploadId: string | undefined;
  readonly parts: ReadonlyMap<number, SentPart>;
  /** An upload of a source that has changed since; to be aborted. */
  readonly outdatedId: string | undefined;
  begin(uploadId: string): Promise<void>;
  add(part: SentPart): Promise<void>;
  /** Keeps it for the next run. */
  close(): Promise<void>;
  remove(): Promise<void>;
}

/** @throws Failure `busy` where another process is at the same transfer. */
export async function openUploadJournal(
  folder: string,
  identity: readonly string[],
  pin: SourcePin,
): Promise<UploadJournal> {
  const file = await JournalFile.open(folder, identity, pin, (schemas) => schemas.uploadEntrySchema);
  const parts = new Map<number, SentPart>();
  for (const entry of file.entries) if ('partNumber' in entry) parts.set(entry.partNumber, entry);
  let uploadId = idIn(file.entries);
  return {
    get uploadId() {
      return uploadId;
    },
    outdatedId: idIn(file.outdated),
    parts,
    async begin(begun) {
      uploadId = begun;
      await file.append({ uploadId: begun }, true);
    },
    async add(part) {
      parts.set(part.partNumber, part);
      await file.append(part);
    },
    close: () => file.close(),
    remove: () => file.remove(),
  };
}

function idIn(entries: readonly UploadEntry[]): string | undefined {
  return entries.flatMap((entry) => ('uploadId' in entry ? [entry.uploadId] : []))[0];
}
