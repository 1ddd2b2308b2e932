import { randomUUID } from 'node:crypto';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import pLimit from 'p-limit';
import { Failure } from '../../errors/failure.js';
import type { Context } from '../context.js';
import { ownWrite } from '../objects.js';
import type { JournalEntry } from './journal.js';
import { mayPass } from './write-back.js';

const UPLOADS = 16;

/**
 * Uploads what an earlier mount with this cache folder has journaled and not uploaded, before anybody can look. What S3
 * refuses, as where another client has replaced the key, goes to the recovery folder.
 *
 * @throws Failure that may pass: the journal stays as it is for the next mount.
 */
export async function replay(context: Context): Promise<void> {
  const { journal } = context.writeBack;
  const left = await journal.left();
  if (context.mount.readOnly) {
    if (left.length > 0) {
      context.log.warn({ files: left.length }, 'closed files wait for a mount that may write to be uploaded');
    }
    return;
  }
  // A later close of the same name was journaled in place of the earlier one.
  const last = new Map(left.map((entry) => [entry.facts.key, entry]));
  const entries = [...last.values()];
  await journal.sweep(entries);
  const limit = pLimit(UPLOADS);
  const results = await Promise.allSettled(entries.map((entry) => limit(() => finish(context, entry))));
  const failed = results.find((result) => result.status === 'rejected');
  if (failed !== undefined) {
    const cause = Failure.from(failed.reason);
    throw new Failure(cause.kind, `Closed files of an earlier mount are not uploaded: ${cause.message}`, {
      subject: journal.folder,
      remedy: 'Their bytes are safe there; mount again when the store answers',
      cause,
    });
  }
  await journal.close();
}

async function finish(context: Context, entry: JournalEntry): Promise<void> {
  const { key } = entry.facts;
  try {
    await send(context, entry);
    context.log.info({ key }, 'uploaded a file that an earlier mount had closed');
  } catch (error) {
    const failure = Failure.from(error);
    if (mayPass(failure)) throw failure;
    await recover(context, entry, failure);
  }
  await context.writeBack.journal.remove(entry);
}

async function send(context: Context, { bytesPath: path, facts }: JournalEntry): Promise<void> {
  const { key, sizeBytes, replacedEtag, description } = facts;
  const conditions = replacedEtag === undefined ? { ifAbsent: true } : { ifMatch: replacedEtag };
  try {
    await context.transporter.upload(key, { kind: 'file', path }, { ...description, ...conditions });
  } catch (error) {
    // The earlier mount may have uploaded it and had no time to say so.
    await ownWrite(context, key, description, sizeBytes, error);
  }
}

async function recover(context: Context, entry: JournalEntry, failure: Failure): Promise<void> {
  const { key, sizeBytes } = entry.facts;
  const savedAt = new Date().toISOString();
  const name = basename(key)
    .replaceAll(/[^\w.-]/g, '_')
    .slice(0, 100);
  const path = join(
    context.recoveryFolder,
    `${savedAt.replaceAll(':', '-')}-${randomUUID().slice(0, 8)}-${name}`,
  );
  await mkdir(context.recoveryFolder, { recursive: true, mode: 0o700 });
  const note = { key, bucket: context.store.bucket, reason: failure.message, savedAt, sizeBytes };
  await writeFile(`${path}.json`, `${JSON.stringify(note, undefined, 2)}\n`, { mode: 0o600 });
  await rename(entry.bytesPath, path);
  context.log.error(
    { key, path, reason: failure.message },
    'a closed file could not be uploaded; its bytes are kept',
  );
}
