import { constants } from 'node:fs';
import { SEEK, type Program, type Step } from '../../../src/harness/api/index.js';
import { LONGEST_WRITE } from '../model/content.js';
import type { Inode } from '../model/inode.js';
import { Model } from '../model/model.js';
import { ACTORS } from './actors.js';
import type { Profile } from './profiles.js';

const { O_APPEND, O_CREAT, O_EXCL, O_NOFOLLOW, O_RDONLY, O_RDWR, O_TRUNC, O_WRONLY } = constants;
const NAMES = ['a', 'b', 'c', 'd'];
const SLOTS = 6;
const ATTRIBUTES = ['user.x', 'user.y', 'user.z'];
/** Before 1970, the epoch, nanoseconds, after 2038. */
const TIMES = ['-1000000001', '0', '1000000000123456789', '1700000000000000000', '4102444800000000001'];
/** futimes of Node takes seconds from 0 as a double. */
const WHOLE_TIMES = ['1000000000000000000', '1700000000000000000', '4102444800000000000'];
const MODES = [0o644, 0o600, 0o755, 0o777, 0o400, 0];
const FALLOCATES = [0, 1, 3, 3, 16, 17];

/**
 * A program of so many steps. It is made along a model, so that most steps mean something: they name what is there and
 * open descriptors; some name what is not.
 *
 * @param random - Uniform in [0, 1).
 */
export function generate(profile: Profile, random: () => number, length: number): Program {
  const maker = new Maker(profile, random);
  return Array.from({ length }, () => maker.next());
}

class Maker {
  readonly #random: () => number;
  readonly #profile: Profile;
  readonly #model = new Model();
  readonly #kinds: readonly Step['op'][];

  constructor(profile: Profile, random: () => number) {
    this.#random = random;
    this.#profile = profile;
    this.#kinds = Object.entries(profile.weights).flatMap(([op, weight]) =>
      Array.from({ length: weight }, () => op as Step['op']),
    ); // the keys of a profile's weights are names of steps
  }

  next(): Step {
    for (;;) {
      const step = this.#step(this.#pick(this.#kinds));
      if (step === undefined) continue;
      if (step.op === 'remount' || step.op === 'kill') this.#model.closeAll();
      else if (!this.#model.isMade(step)) continue;
      else this.#model.step(step);
      return step;
    }
  }

  #step(op: Step['op']): Step | undefined {
    const by = this.#below(ACTORS);
    switch (op) {
      case 'open':
        return this.#open(by);
      case 'mkdir':
        return { op, by, path: this.#path(), mode: this.#pick([0o755, 0o700, 0o777]) };
      case 'symlink':
        return { op, by, target: this.#pick([...NAMES, 'a/b', 'd/a']), path: this.#path() };
      case 'truncate':
        return {
          op,
          by,
          path: this.#known(),
          size: this.#pick([0, this.#pick(this.#profile.edges), this.#length()]),
        };
      case 'chmod':
        return { op, by, path: this.#known(), mode: this.#pick(MODES) };
      case 'utimes':
        return { op, by, path: this.#known(), mtimeNs: this.#pick(TIMES) };
      case 'link':
        return { op, by, path: this.#known(), to: this.#path() };
      case 'rename':
        return {
          op,
          by,
          path: this.#known(),
          to: this.#anywhere(),
          flags: this.#pick(this.#profile.renameFlags),
        };
      case 'setxattr':
      case 'getxattr':
      case 'removexattr':
        return this.#attribute(op, by);
      case 'stat':
      case 'check':
      case 'rmdir':
      case 'readdir':
      case 'unlink':
      case 'readlink':
      case 'listxattr':
        return { op, by, path: this.#known() };
      case 'remount':
      case 'kill':
        return { op };
      default:
        return this.#onDescriptor(op);
    }
  }

  #attribute(op: 'setxattr' | 'getxattr' | 'removexattr', by: number): Step {
    const named = { by, path: this.#known(), name: this.#pick(ATTRIBUTES) };
    if (op !== 'setxattr') return { op, ...named };
    return { op, ...named, from: this.#from(), length: this.#below(100), flags: this.#pick([0, 0, 1, 2]) };
  }

  #open(by: number): Step | undefined {
    const slot = this.#below(SLOTS);
    const access = this.#pick([O_RDWR, O_RDWR, O_WRONLY, O_RDONLY]);
    const create = this.#pick([O_CREAT, O_CREAT, 0, O_CREAT | O_EXCL]);
    // What O_TRUNC does without the right to write is not said anywhere.
    const truncate = access !== O_RDONLY && this.#chance(0.15) ? O_TRUNC : 0;
    const append = this.#chance(this.#profile.appendShare) ? O_APPEND : 0;
    const more = truncate | append | (this.#chance(0.05) ? O_NOFOLLOW : 0);
    const path = create === 0 ? this.#known() : this.#anywhere();
    const mode = this.#pick([0o644, 0o600, 0o666]);
    return { op: 'open', by, slot, path, flags: access | create | more, mode };
  }

  #onDescriptor(op: Step['op']): Step | undefined {
    const open = [...this.#model.slots.entries()];
    if (open.length === 0) return undefined;
    const [slot, { inode, offset }] = this.#pick(open);
    const near = () => this.#near(inode, offset);
    switch (op) {
      case 'close':
      case 'fstat':
        return { op, slot };
      case 'dup':
        return { op, slot, to: this.#below(SLOTS) };
      case 'read':
        return { op, slot, length: this.#length(), ...(this.#chance(0.6) ? { at: near() } : {}) };
      case 'write': {
        const at = this.#chance(this.#profile.inOrderShare) ? undefined : near();
        const length = this.#room(at ?? Math.max(offset, inode.content.size));
        return { op, slot, from: this.#from(), length, ...(at === undefined ? {} : { at }) };
      }
      case 'seek':
        return this.#seek(slot, near());
      case 'ftruncate':
        return { op, slot, size: this.#size(inode) };
      case 'fallocate':
        return { op, slot, mode: this.#pick(FALLOCATES), at: near(), length: this.#length() };
      case 'copy': {
        const [to, target] = this.#pick(open);
        const toAt = this.#near(target.inode, target.offset);
        return { op, slot, at: near(), to, toAt, length: this.#room(toAt) };
      }
      case 'map': {
        const at = Math.min(near(), Math.max(0, inode.content.size - 1));
        const length = Math.min(this.#length(), inode.content.size - at);
        return { op, slot, at, from: this.#from(), length };
      }
      case 'fsync':
        return { op, slot, dataOnly: this.#chance(0.3) };
      case 'fchmod':
        return { op, slot, mode: this.#pick(MODES) };
      case 'futimes':
        return { op, slot, mtimeNs: this.#pick(WHOLE_TIMES) };
      default:
        return undefined;
    }
  }

  #seek(slot: number, at: number): Step {
    const whence = this.#pick([SEEK.set, SEEK.set, SEEK.current, SEEK.end, SEEK.data, SEEK.hole]);
    const isRelative = whence === SEEK.current || whence === SEEK.end;
    return { op: 'seek', slot, whence, at: isRelative ? -this.#below(Math.min(at, 10_000) + 1) : at };
  }

  /** An offset where something may go wrong: ends and edges, one before and one after; or anywhere. */
  #near(inode: Inode, offset: number): number {
    const { size } = inode.content;
    const { edges, mostBytes } = this.#profile;
    const place = this.#pick([
      0,
      offset,
      size,
      size,
      this.#pick(edges),
      this.#below(size + 1),
      this.#below(size + 1),
    ]);
    const off = this.#pick([0, 0, 0, -1, 1, -this.#below(5000), this.#below(5000)]);
    return Math.min(mostBytes, Math.max(0, place + off));
  }

  #size(inode: Inode): number {
    if (this.#chance(0.7)) return this.#near(inode, 0);
    return this.#pick([0, 0, this.#pick(this.#profile.edges)]);
  }

  #length(): number {
    const { lengths } = this.#profile;
    const most = this.#pick(lengths);
    return this.#chance(0.4) ? most : this.#below(most + 1);
  }

  /** A length that leaves the file within the profile's limit. */
  #room(at: number): number {
    return Math.max(0, Math.min(this.#length(), this.#profile.mostBytes - at));
  }

  #from(): number {
    return this.#below(LONGEST_WRITE);
  }

  /** A name that is there, mostly. */
  #known(): string {
    const paths = [...this.#model.tree.all()].map(([path]) => path);
    return paths.length === 0 || this.#chance(0.08) ? this.#path() : this.#pick(paths);
  }

  /** A name that is there or not. */
  #anywhere(): string {
    return this.#chance(0.5) ? this.#known() : this.#path();
  }

  /** A name in a directory that is there, mostly. */
  #path(): string {
    const name = this.#pick(NAMES);
    const directories = [...this.#model.tree.all()]
      .filter(([path, { kind }]) => kind === 'directory' && path.split('/').length < 3)
      .map(([path]) => path);
    if (directories.length > 0 && this.#chance(this.#profile.depthShare))
      return `${this.#pick(directories)}/${name}`;
    return this.#chance(0.03) ? `${this.#pick(NAMES)}/${name}` : name;
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  #chance(share: number): boolean {
    return this.#random() < share;
  }

  #pick<T>(from: readonly T[]): T {
    const index = this.#below(from.length);
    // Of a list that is not empty, at an index within it.
    return from[index] as T;
  }
}
