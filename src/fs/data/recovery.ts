import { link, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '../../errors/failure.js';
import type { Context } from '../context.js';
import { nodeKey } from '../keys.js';
import type { FileNode } from '../nodes/node.js';
import { localFailure } from './local-bytes.js';
import type { Stage } from './stage.js';

/**
 * Keeps the bytes of a failed upload: a second name of the stage file, so that later writes to the still open file
 * are kept too, and a note beside it that says which object it was for.
 *
 * @returns The failure to answer with: the cause, and where the bytes are.
 */
export async function keepForRecovery(context: Context, node: FileNode, cause: Failure): Promise<Failure> {
  if (node.stage === undefined) return cause;
  let key = node.name;
  try {
    key = nodeKey(context, node);
  } catch {
    // Its directory is gone: the name alone must do.
  }
  try {
    const path = node.recoveryPath ?? (await linkStage(context, node, await node.stage.localFile()));
    node.recoveryPath = path;
    const facts = {
      key,
      bucket: context.store.bucket,
      reason: cause.message,
      savedAt: new Date().toISOString(),
      sizeBytes: node.stage.sizeBytes,
      ...missingFacts(node, node.stage),
    };
    await writeNote(context, path, facts);
    // A cancelled upload is somebody's wish, such as Ctrl-C or an aborted mount.
    const level = cause.kind === 'cancelled' ? 'warn' : 'error';
    context.log[level]({ key, path, reason: cause.message }, 'upload failed; the bytes are kept');
    return new Failure(cause.kind, `${key} could not be saved (${cause.message}); its bytes are in ${path}`, {
      subject: key,
      cause,
      remedy: 'Copy that file back when the store answers again',
    });
  } catch (error) {
    const failure = localFailure(error, context.recoveryFolder);
    context.log.error({ key, reason: failure.message }, 'upload failed and the bytes could not be kept');
    return cause;
  }
}

/** Never fails: on a full disk the bytes are worth keeping without it, and they have taken their room already. */
async function writeNote(context: Context, path: string, facts: object): Promise<void> {
  const note = `${path}.json`;
  try {
    await writeFile(note, `${JSON.stringify(facts, undefined, 2)}\n`, { mode: 0o600 });
  } catch (error) {
    await rm(note, { force: true }).catch(() => undefined);
    const reason = localFailure(error, note).message;
    context.log.error({ reason, ...facts }, 'the note beside kept bytes could not be written');
  }
}

/** After a later upload succeeded. Never fails: at worst a copy too many stays. */
export async function dropRecovery(node: FileNode): Promise<void> {
  const path = node.recoveryPath;
  if (path === undefined) return;
  node.recoveryPath = undefined;
  await rm(path, { force: true }).catch(() => undefined);
  await rm(`${path}.json`, { force: true }).catch(() => undefined);
}

async function linkStage(context: Context, node: FileNode, stagePath: string): Promise<string> {
  await mkdir(context.recoveryFolder, { recursive: true, mode: 0o700 });
  const stamp = new Date().toISOString().replaceAll(':', '-');
  const path = join(context.recoveryFolder, `${stamp}-${node.ino}-${safeName(node.name)}`);
  await link(stagePath, path);
  return path;
}

function safeName(name: string): string {
  return name.replaceAll(/[^\w.-]/g, '_').slice(0, 100);
}

/** Ranges that were not changed and never fetched: they lie in the object that was to be replaced. */
function missingFacts(node: FileNode, stage: Stage): object {
  const { stream } = node;
  if (stream?.hasEvicted === true) {
    const sent = stream.parts.filter(({ isEvicted }) => isEvicted);
    const parts = sent.map(({ start, end, sent: part }) => ({ start, end, ...part }));
    return { upload: { key: stream.key, uploadId: stream.upload.uploadId, parts } };
  }
  const away = stage.extents.filter(({ source }) => source === 'away');
  if (away.length === 0) return {};
  const missing = away.map(({ start, end, copy }) => ({ start, end, sourceOffset: copy?.offset }));
  return { missing, sourceEtag: node.object?.etag };
}
