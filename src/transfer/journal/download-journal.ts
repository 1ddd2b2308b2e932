import { rm } from 'node:fs/promises';
import { JournalFile, journalName, type SourcePin } from './journal-file.js';
import type { ReceivedPart } from './schemas.js';

/** What a download to a file needs to go on after its process has ended. */
export interface DownloadJournal {
  readonly parts: ReadonlyMap<number, ReceivedPart>;
  /** The unfinished file, beside the target. */
  readonly temporary: string;
  add(part: ReceivedPart): Promise<void>;
  /** Keeps it, and the unfinished file, for the next run. */
  close(): Promise<void>;
  /** Removes it and the unfinished file, which is gone already after a success. */
  remove(): Promise<void>;
}

/**
 * @param target - the file that comes to be; symbolic links resolved.
 * @throws Failure `busy` where another process is at the same transfer.
 */
export async function openDownloadJournal(
  folder: string,
  identity: readonly string[],
  pin: SourcePin,
  target: string,
): Promise<DownloadJournal> {
  const file = await JournalFile.open(folder, identity, pin, (schemas) => schemas.receivedPartSchema);
  const temporary = `${target}.${journalName(identity)}.part`;
  const parts = new Map(file.entries.map((entry) => [entry.index, entry]));
  return {
    parts,
    temporary,
    async add(part) {
      parts.set(part.index, part);
      await file.append(part);
    },
    close: () => file.close(),
    async remove() {
      await rm(temporary, { force: true });
      await file.remove();
    },
  };
}
