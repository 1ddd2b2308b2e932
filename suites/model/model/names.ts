import { written } from './content.js';
import { Inode } from './inode.js';
import type { Effect, Model } from './model.js';
import type { Step } from '../../../src/harness/api/index.js';
import { Errno, enter, isWithin, leave, type Place } from './tree.js';
import type { Check, Status } from './replies.js';

const DONE = { value: undefined } as const;
/** renameat2(2) and setxattr(2). */
const NOREPLACE = 1;
const EXCHANGE = 2;
const CREATE = 1;
const REPLACE = 2;

/** Steps by path. */
export function nameStep(model: Model, step: Step): Effect {
  const { tree } = model;
  switch (step.op) {
    case 'mkdir':
      enter(tree.vacant(step.path), new Inode('directory', step.mode));
      return DONE;
    case 'symlink': {
      const inode = new Inode('symlink', 0o777);
      inode.target = step.target;
      enter(tree.vacant(step.path), inode);
      return DONE;
    }
    case 'link':
      return link(model, step.path, step.to);
    case 'rename':
      return rename(model, step.path, step.to, step.flags);
    case 'unlink':
      return unlink(tree.place(step.path, false));
    case 'rmdir':
      return rmdir(tree.place(step.path, false));
    case 'readdir': {
      const inode = tree.find(step.path, true);
      if (inode.kind !== 'directory') throw new Errno('ENOTDIR');
      return { value: [...inode.entries.keys()].toSorted() };
    }
    case 'readlink': {
      const inode = tree.find(step.path, false);
      if (inode.kind !== 'symlink') throw new Errno('EINVAL');
      return { value: inode.target };
    }
    case 'stat':
      return statusOf(tree.find(step.path, false));
    case 'check': {
      const inode = tree.find(step.path, true);
      if (inode.kind === 'directory') throw new Errno('EISDIR');
      return { value: inode.content.bytes() };
    }
    case 'truncate':
      return truncate(model, tree.find(step.path, true), step.size);
    case 'chmod':
      tree.find(step.path, true).mode = step.mode;
      return DONE;
    case 'utimes':
      tree.find(step.path, true).mtimeNs = step.mtimeNs;
      return DONE;
    default:
      return attributeStep(model, step);
  }
}

function attributeStep({ tree }: Model, step: Step): Effect {
  switch (step.op) {
    case 'setxattr': {
      const { attributes } = tree.find(step.path, true);
      if (step.flags === CREATE && attributes.has(step.name)) throw new Errno('EEXIST');
      if (step.flags === REPLACE && !attributes.has(step.name)) throw new Errno('ENODATA');
      attributes.set(step.name, Buffer.from(written(step.from, step.length)));
      return DONE;
    }
    case 'getxattr': {
      const value = tree.find(step.path, true).attributes.get(step.name);
      if (value === undefined) throw new Errno('ENODATA');
      return { value };
    }
    case 'listxattr':
      return { value: [...tree.find(step.path, true).attributes.keys()].toSorted() };
    case 'removexattr':
      if (!tree.find(step.path, true).attributes.delete(step.name)) throw new Errno('ENODATA');
      return DONE;
    default:
      return undefined;
  }
}

/** What stat(2) must say; a time only where it is known, the links of a directory differ between file systems. */
export function statusOf(inode: Inode): { readonly check: Check } {
  return {
    check(reply) {
      if ('errno' in reply) return `it fails with ${reply.errno}`;
      const actual = reply.value as Status; // the machine answers stat with nothing else
      const wanted = expectedStatus(inode);
      const wrong = Object.entries(wanted).filter(([key, entry]) => actual[key as keyof Status] !== entry);
      if (wrong.length === 0) return undefined;
      return wrong
        .map(
          ([key, entry]) => `${key} is ${String(actual[key as keyof Status])} and should be ${String(entry)}`,
        )
        .join(', ');
    },
  };
}

function expectedStatus(inode: Inode): Partial<Status> {
  const time = inode.mtimeNs === undefined ? {} : { mtimeNs: inode.mtimeNs };
  const { kind, mode, names } = inode;
  if (kind === 'directory') return { type: kind, mode, ...time };
  const size = kind === 'file' ? inode.content.size : inode.target.length;
  return { type: kind, mode, size, nlink: names, ...time };
}

function link({ tree }: Model, path: string, to: string): Effect {
  const inode = tree.find(path, false);
  const place = tree.vacant(to);
  if (inode.kind === 'directory') throw new Errno('EPERM');
  enter(place, inode);
  inode.names += 1;
  return DONE;
}

function unlink(place: Place): Effect {
  const { inode } = place;
  if (inode === undefined) throw new Errno('ENOENT');
  if (inode.kind === 'directory') throw new Errno('EISDIR');
  leave(place);
  inode.names -= 1;
  return DONE;
}

function rmdir(place: Place): Effect {
  const { inode } = place;
  if (inode === undefined) throw new Errno('ENOENT');
  if (inode.kind !== 'directory') throw new Errno('ENOTDIR');
  if (inode.entries.size > 0) throw new Errno('ENOTEMPTY');
  leave(place);
  return DONE;
}

function truncate(model: Model, inode: Inode, size: number): Effect {
  if (inode.kind === 'directory') throw new Errno('EISDIR');
  inode.change(inode.content.resize(size));
  if (!model.isOpenForWriting(inode) && !inode.isUnsaved) inode.acknowledge();
  return DONE;
}

function rename(model: Model, path: string, to: string, flags: number): Effect {
  const source = model.tree.place(path, false);
  const target = model.tree.place(to, false);
  const { inode } = source;
  if (inode === undefined) throw new Errno('ENOENT');
  if (flags === NOREPLACE && target.inode !== undefined) throw new Errno('EEXIST');
  if (flags === EXCHANGE && target.inode === undefined) throw new Errno('ENOENT');
  if (inode.kind === 'directory' && isWithin(inode, target.directory)) throw new Errno('EINVAL');
  if (target.inode?.kind === 'directory' && isWithin(target.inode, source.directory))
    throw new Errno(flags === EXCHANGE ? 'EINVAL' : 'ENOTEMPTY');
  if (inode === target.inode) return DONE;
  if (flags === EXCHANGE && target.inode !== undefined) {
    enter(source, target.inode);
    enter(target, inode);
    return DONE;
  }
  replace(source, target, inode);
  return DONE;
}

function replace(source: Place, target: Place, inode: Inode): void {
  const old = target.inode;
  if (old !== undefined) {
    if (inode.kind === 'directory' && old.kind !== 'directory') throw new Errno('ENOTDIR');
    if (inode.kind !== 'directory' && old.kind === 'directory') throw new Errno('EISDIR');
    if (old.entries.size > 0) throw new Errno('ENOTEMPTY');
    old.names -= 1;
    if (inode.isDirty && old.kind === 'file') inode.mayBe(old);
  }
  leave(source);
  enter(target, inode);
}
