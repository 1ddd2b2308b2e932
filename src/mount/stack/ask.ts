import { createConnection } from 'node:net';
import { text } from 'node:stream/consumers';
import { Failure } from '../../errors/failure.js';
import { errorCode } from '../../fuse/error-code.js';
import { findOurMount, ownerOf } from '../mounts.js';
import { likelyStateFolders, stateFolder } from '../state-folder.js';
import { stackReply, stackSocketPath, type StackReply } from './messages.js';

/** A little more than the thread waits for its main thread; a stopped process never answers. */
const ANSWER_LIMIT_MS = 2_000;

/**
 * Where the main thread of a mount's daemon is, also of one whose event loop does not turn any more. The mount itself is
 * never touched.
 *
 * @throws Failure `usage` where the directory is no mount of ours, `unsupported` where its daemon keeps no thread that
 * tells it, `timeout` where the whole process stands still.
 */
export async function stackOf(directory: string): Promise<StackReply> {
  const entry = await findOurMount(directory);
  for (const folder of new Set([stateFolder(), ...likelyStateFolders(ownerOf(entry))])) {
    const reply = await ask(stackSocketPath(folder, entry.device));
    if (reply !== undefined) return reply;
  }
  throw new Failure('unsupported', `The daemon of ${entry.mountPoint} keeps no thread that tells its stack`, {
    remedy: 'Mount with --log-level debug',
  });
}

/** @returns `undefined` where nobody listens. */
async function ask(path: string): Promise<StackReply | undefined> {
  const socket = createConnection({ path });
  const timer = setTimeout(() => {
    socket.destroy(new Failure('timeout', `Nothing answers on ${path}`));
  }, ANSWER_LIMIT_MS);
  try {
    const answer = await text(socket);
    return stackReply.parse(JSON.parse(answer));
  } catch (reason) {
    if (['ENOENT', 'ECONNREFUSED'].includes(errorCode(reason) ?? '')) return undefined;
    throw Failure.from(reason);
  } finally {
    clearTimeout(timer);
    socket.destroy();
  }
}
