import type { Step } from '../../../src/harness/api/index.js';
import { Inode } from '../model/inode.js';
import type { Model } from '../model/model.js';
import type { Reply, Status } from '../model/replies.js';
import { TOP } from '../model/tree.js';
import type { Callers } from './actors.js';

/** The calls that see all there is: names, types, modes, sizes, links, bytes, targets, attributes, known times. */
export function inspection(model: Model): readonly Step[] {
  const steps: Step[] = [{ op: 'readdir', by: 0, path: TOP }];
  for (const [path, inode] of model.tree.all()) {
    steps.push({ op: 'stat', by: 0, path });
    if (inode.kind === 'directory') steps.push({ op: 'readdir', by: 0, path });
    if (inode.kind === 'symlink') steps.push({ op: 'readlink', by: 0, path });
    if (inode.kind === 'file') steps.push({ op: 'check', by: 0, path });
    if (inode.kind === 'symlink' || inode.attributes.size === 0) continue;
    steps.push({ op: 'listxattr', by: 0, path });
    for (const name of inode.attributes.keys()) steps.push({ op: 'getxattr', by: 0, path, name });
  }
  return steps;
}

/**
 * After a crash: each file with bytes that were not acknowledged must have its old content or one that came later,
 * whole; the model goes on with what is there.
 *
 * @returns What is wrong.
 */
export async function settleCrash(model: Model, actors: Callers): Promise<string | undefined> {
  const settled = new Map<Inode, Inode>();
  for (const [path, inode] of [...model.tree.all()]) {
    if (inode.kind !== 'file' || !inode.isDirty) continue;
    const { directory, name } = model.tree.place(path, false);
    const reply = await actors.run(0, { op: 'check', by: 0, path });
    if ('errno' in reply) {
      if (reply.errno !== 'ENOENT' || !inode.isUnsaved)
        return `after SIGKILL: ${path} fails with ${reply.errno}`;
      directory.entries.delete(name);
      continue;
    }
    const bytes = reply.value as Uint8Array; // the machine answers check with bytes
    const found = inode.mayHave().find((content) => content.equals(bytes));
    if (found === undefined) {
      return `after SIGKILL: ${path} has ${bytes.length} bytes that are none of the ${inode.mayHave().length} contents since the last fsync or close`;
    }
    // The names of one file may have been saved one after the other.
    const before = settled.get(inode);
    const after = before?.content === found ? before : new Inode('file', inode.mode);
    after.become(found);
    settled.set(inode, after);
    directory.entries.set(name, after);
    await takeOver(actors, path, after);
  }
  countNames(model);
  return undefined;
}

/** Mode and attributes of a file that was not saved are whatever was saved. */
async function takeOver(actors: Callers, path: string, inode: Inode): Promise<void> {
  const status = valueOf(await actors.run(0, { op: 'stat', by: 0, path })) as Status;
  inode.mode = status.mode;
  inode.attributes.clear();
  const names = valueOf(await actors.run(0, { op: 'listxattr', by: 0, path })) as readonly string[];
  for (const name of names) {
    const value = valueOf(await actors.run(0, { op: 'getxattr', by: 0, path, name }));
    inode.attributes.set(name, Buffer.from(value as Uint8Array));
  }
}

function valueOf(reply: Reply): unknown {
  if ('errno' in reply) throw new Error(`after SIGKILL: ${reply.message ?? reply.errno}`);
  return reply.value;
}

function countNames(model: Model): void {
  const counts = new Map<Inode, number>();
  for (const [, inode] of model.tree.all()) counts.set(inode, (counts.get(inode) ?? 0) + 1);
  for (const [inode, names] of counts) inode.names = names;
}
