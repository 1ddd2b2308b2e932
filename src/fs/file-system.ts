import pLimit from 'p-limit';
import { Failure } from '../errors/failure.js';
import { attributeOperations } from './attributes.js';
import { monotonicMs } from './clock.js';
import type { Context } from './context.js';
import { clearParked, forgetContent } from './data/keep.js';
import { abortLeftUploads } from './data/multipart.js';
import { prepareStageFolder } from './data/stage.js';
import { flushFile } from './data/upload.js';
import { directoryOperations } from './directories.js';
import { entryOf } from './entries.js';
import { fileOperations } from './files.js';
import { nodeKey } from './keys.js';
import { linkOperations } from './namespace/link.js';
import { makeOperations } from './namespace/make.js';
import { removeOperations } from './namespace/remove.js';
import { renameOperations } from './namespace/rename.js';
import { temporaryOperations } from './namespace/temporary.js';
import { isDirty, type Node } from './nodes/node.js';
import type { FileSystem } from './operations.js';
import { noteRunning, noteStopped } from './intents/owner.js';
import { Recovery } from './intents/recover.js';
import { headOrNothing, posixFrom, storedFrom } from './objects.js';
import { saveTimes } from './directory-times.js';
import { rangeOperations } from './ranges.js';
import { lookupChild } from './resolve.js';
import { Statistics } from './statistics.js';
import { symlinkOperations } from './symlinks.js';
import { replay } from './write-back/replay.js';
import { xattrOperations } from './xattrs.js';

const STOP_CONCURRENCY = 16;

/** All operations over one context. */
export function assemble(context: Context): FileSystem {
  const recovery = new Recovery(context);
  const statistics = new Statistics();
  return {
    start: ({ backing }, notifier) => {
      context.passthrough.start(backing);
      context.kernel.notifier = notifier;
      return start(context, recovery);
    },
    stop: () => stop(context, recovery),
    lookup: async (parent, name, request) => {
      const directory = context.table.directory(parent);
      const startedMs = monotonicMs();
      const node = await lookupChild(context, directory, name, request.signal);
      if (node.checkedAtMs >= startedMs) node.lookedUpAtMs = monotonicMs();
      if (node.kind === 'file') context.awaitedOpens.noteFound(context, directory, name, node);
      return entryOf(context, node);
    },
    forget: (ino, count) => {
      context.table.forget(ino, count);
    },
    sync: async () => {
      const failures = await saveDirty(context);
      tellFailures([...context.writeBack.takeFailures(), ...failures]);
    },
    statfs: async (_ino, request) => await statistics.tell(context, request),
    ...attributeOperations(context),
    ...makeOperations(context),
    ...linkOperations(context),
    ...temporaryOperations(context),
    ...removeOperations(context),
    ...renameOperations(context),
    ...symlinkOperations(context),
    ...fileOperations(context),
    ...rangeOperations(context),
    ...directoryOperations(context),
    ...xattrOperations(context),
  };
}

async function start(context: Context, recovery: Recovery): Promise<void> {
  await context.disk?.start();
  await clearParked(context);
  await abortLeftUploads(context);
  await prepareStageFolder(context.stageFolder);
  noteRunning(context.intents.owner);
  await replay(context);
  await recovery.start();
  const head = await headOrNothing(context, nodeKey(context, context.root));
  if (head === undefined) return;
  context.root.posix = posixFrom(context, head, true);
  context.root.object = storedFrom(head);
}

async function stop(context: Context, recovery: Recovery): Promise<void> {
  try {
    await saveAll(context);
    await context.intents.drain();
  } finally {
    await recovery.stop();
    await context.writeBack.stop();
    noteStopped(context.intents.owner);
    await context.disk?.stop();
  }
}

async function saveAll(context: Context): Promise<void> {
  await context.times.stop();
  const failures = await saveDirty(context);
  await context.indexes.stop(context);
  for (const node of context.table.all()) if (node.kind === 'file') await forgetContent(context, node);
  tellFailures([...context.writeBack.takeFailures(), ...failures]);
}

/** Saves what is dirty; everything is tried before the first failure is told. */
async function saveDirty(context: Context): Promise<readonly Failure[]> {
  const limit = pLimit(STOP_CONCURRENCY);
  const failures: Failure[] = [];
  const save = async (node: Node): Promise<void> => {
    try {
      if (node.kind === 'file') await flushFile(context, node);
      if (node.kind === 'directory' && !context.mount.readOnly) await saveTimes(context, node);
    } catch (error) {
      failures.push(Failure.from(error));
    }
  };
  await Promise.all([...context.table.all()].filter(needsSave).map((node) => limit(() => save(node))));
  return failures;
}

function tellFailures(failures: readonly Failure[]): void {
  const [first] = failures;
  if (first === undefined) return;
  const lines = failures.map((failure) => failure.message).join('; ');
  throw new Failure(first.kind, `Not everything could be saved: ${lines}`, { cause: first });
}

function needsSave(node: Node): boolean {
  if (node.detached) return false;
  return node.kind === 'directory' ? node.timesDirty : isDirty(node);
}
