import { constants } from 'node:fs';
import { generate } from '../../suites/model/run/generate.js';
import { createRandom } from '../random/random.js';
import { PROFILES, type Profile } from '../../suites/model/run/profiles.js';
import { describeStep, runProgram, type Ground } from '../../suites/model/run/program-run.js';
import type { Callers } from '../../suites/model/run/actors.js';
import { written } from '../../suites/model/model/content.js';
import type { Reply, Status, Value } from '../../suites/model/model/replies.js';
import { Failure } from '../errors/failure.js';
import { SEEK } from '../harness/api/constants.js';
import type { Step } from '../harness/api/program.js';
import type { Attributes } from './operations.js';
import { Driver, type OpenFile } from './testing/driver.js';
import { ROOT, startFixture, type Fixture, type MountOptions } from './testing/fixture.js';

/** Steps in all; the first seed: 41 meets parts that are sent again. `OBJECTFS_PROGRAM_STEPS=20000` takes some minutes. */
const STEPS = Number(process.env['OBJECTFS_PROGRAM_STEPS'] ?? '240');
const SEED = Number(process.env['OBJECTFS_PROGRAM_SEED'] ?? '41');
const LENGTH = 80;
const KIB = 1024;
const { O_APPEND, O_CREAT, O_EXCL } = constants;
/** O_ACCMODE of fcntl.h. */
const O_ACCMODE_BITS = 3;

/** Parts and room so small that streaming, eviction, copies by range and parking come all the time. */
const SMALL: MountOptions = {
  partLimits: {
    minPartBytes: 16 * KIB,
    uploadPartBytes: 16 * KIB,
    copyPartBytes: 24 * KIB,
    copyMaxBytes: 40 * KIB,
  },
  stageLimit: 64 * KIB,
};

function tinyParts(): Profile {
  const [base] = PROFILES;
  if (base === undefined) throw new Error('There are no profiles');
  return {
    ...base,
    weights: {
      open: 12, close: 6, dup: 1, read: 10, write: 30, seek: 2, ftruncate: 5, truncate: 3, fallocate: 5, copy: 9,
      map: 3, fsync: 5, fstat: 3, check: 4, stat: 2, unlink: 2, rename: 4, link: 2, utimes: 1, futimes: 1, chmod: 1,
      remount: 1,
    }, // prettier-ignore
    edges: [8, 16, 32, 48, 64, 128].map((size) => size * KIB),
    lengths: [1, 500, 5000, 16 * KIB, 16 * KIB + 1, 40 * KIB],
    mostBytes: 200 * KIB,
    inOrderShare: 0.65,
    depthShare: 0,
  };
}

interface Slot {
  readonly file: OpenFile;
  readonly flags: number;
  /** Shared by descriptors that dup made. */
  readonly shared: { offset: number; count: number };
}

/** What the kernel does between system calls and the file system, without its caches. */
class Kernel implements Callers {
  driver: Driver;
  #root = '';
  readonly #slots = new Map<number, Slot>();

  constructor(driver: Driver) {
    this.driver = driver;
  }

  begin(root: string): Promise<void> {
    this.#root = root;
    this.#slots.clear();
    return Promise.resolve();
  }

  async run(_by: number, step: Step): Promise<Reply> {
    try {
      if (step.op === 'open') return { value: await this.#open(step) };
      const slot = 'slot' in step ? this.#slots.get(step.slot) : undefined;
      return { value: slot === undefined ? await this.#byPath(step) : await this.#onSlot(step, slot) };
    } catch (reason) {
      if (reason instanceof Failure) return { errno: reason.errno, message: reason.message };
      throw reason;
    }
  }

  async closeAll(): Promise<readonly Reply[]> {
    const replies: Reply[] = [];
    for (const slot of [...this.#slots.keys()]) replies.push(await this.run(0, { op: 'close', slot }));
    return replies;
  }

  #path(path: string): string {
    return path === '.' ? this.#root : `${this.#root}/${path}`;
  }

  async #open({ path, flags, mode, slot }: Extract<Step, { op: 'open' }>): Promise<Value> {
    const at = this.#path(path);
    const there = await this.driver.entry(at).catch(ignoreMissing);
    const rest = flags & ~(O_CREAT | O_EXCL);
    if (there === undefined && (flags & O_CREAT) === 0) throw new Failure('no-entry', path);
    if (there !== undefined && (flags & O_CREAT) !== 0 && (flags & O_EXCL) !== 0)
      throw new Failure('exists', path);
    const file =
      there === undefined ? await this.driver.create(at, mode, rest) : await this.driver.open(at, rest);
    this.#slots.set(slot, { file, flags, shared: { offset: 0, count: 1 } });
    return undefined;
  }

  async #onSlot(step: Step, slot: Slot): Promise<Value> {
    const { file, flags, shared } = slot;
    const { fs } = this.driver;
    const access = flags & O_ACCMODE_BITS;
    const sizeOf = async (): Promise<number> => Number((await file.stat()).sizeBytes);
    switch (step.op) {
      case 'close':
        this.#slots.delete(step.slot);
        shared.count -= 1;
        await file.flush().finally(() => (shared.count === 0 ? file.release() : undefined));
        return undefined;
      case 'dup':
        shared.count += 1;
        this.#slots.set(step.to, slot);
        return undefined;
      case 'read': {
        if (access === constants.O_WRONLY) throw new Failure('bad-handle', 'not open for reading');
        const bytes = await file.readBytes(step.at ?? shared.offset, step.length);
        if (step.at === undefined) shared.offset += bytes.length;
        return bytes;
      }
      case 'write': {
        if (access === constants.O_RDONLY) throw new Failure('bad-handle', 'not open for writing');
        const at = (flags & O_APPEND) !== 0 ? await sizeOf() : (step.at ?? shared.offset);
        const bytes = written(step.from, step.length);
        // As a kernel cuts it, and small enough to stop within a part.
        for (let done = 0; done < bytes.length; done += 8 * KIB)
          await file.write(at + done, bytes.subarray(done, done + 8 * KIB));
        if (step.at === undefined) shared.offset = at + step.length;
        return step.length;
      }
      case 'seek': {
        if (step.whence >= SEEK.data)
          shared.offset = Number(await fs.lseek(file.ino, file.handle, BigInt(step.at), step.whence, ROOT));
        else {
          const base = [0, shared.offset, await sizeOf()][step.whence] ?? 0;
          if (base + step.at < 0) throw new Failure('invalid-argument', 'before the start');
          shared.offset = base + step.at;
        }
        return shared.offset;
      }
      case 'ftruncate':
        if (access === constants.O_RDONLY) throw new Failure('invalid-argument', 'not open for writing');
        await fs.setattr(file.ino, { sizeBytes: BigInt(step.size), handle: file.handle }, ROOT);
        return undefined;
      case 'fallocate':
        if (step.length === 0) throw new Failure('invalid-argument', 'no length');
        if (access === constants.O_RDONLY) throw new Failure('bad-handle', 'not open for writing');
        await fs.fallocate(file.ino, file.handle, step.mode, BigInt(step.at), BigInt(step.length), ROOT);
        return undefined;
      case 'copy': {
        const target = this.#slots.get(step.to);
        const isRefused =
          target === undefined || (target.flags & O_ACCMODE_BITS) === 0 || (target.flags & O_APPEND) !== 0;
        if (isRefused || access === constants.O_WRONLY) throw new Failure('bad-handle', 'wrong way');
        const to = { ino: target.file.ino, handle: target.file.handle, offset: BigInt(step.toAt) };
        const from = BigInt(step.at);
        return Number(await fs.copyFileRange(file.ino, file.handle, from, to, BigInt(step.length), ROOT));
      }
      case 'map':
        if (access !== constants.O_RDWR) throw new Failure('access-denied', 'not open for both');
        await fs.write(file.ino, file.handle, BigInt(step.at), written(step.from, step.length), ROOT, true);
        return undefined;
      case 'fsync':
        await file.fsync();
        return undefined;
      case 'fstat':
        return statusOf(await file.stat());
      case 'futimes':
        await fs.setattr(file.ino, { mtimeNs: BigInt(step.mtimeNs), handle: file.handle }, ROOT);
        return undefined;
      default:
        throw new Error(`${step.op} is not made here`);
    }
  }

  async #byPath(step: Step): Promise<Value> {
    if (!('path' in step)) throw new Error(`${step.op} is not made here`);
    const { driver } = this;
    const path = this.#path(step.path);
    switch (step.op) {
      case 'stat':
        return statusOf(await driver.stat(path));
      case 'check': {
        const file = await driver.open(path);
        return await file.readBytes(0, 1024 * KIB).finally(() => file.close());
      }
      case 'readdir':
        return (await driver.list(path)).toSorted();
      case 'truncate':
        await driver.fs.setattr(await driver.ino(path), { sizeBytes: BigInt(step.size) }, ROOT);
        return undefined;
      case 'chmod':
        await driver.chmod(path, step.mode);
        return undefined;
      case 'utimes':
        await driver.fs.setattr(await driver.ino(path), { mtimeNs: BigInt(step.mtimeNs) }, ROOT);
        return undefined;
      case 'unlink':
        await driver.unlink(path);
        return undefined;
      case 'link':
        await driver.link(path, this.#path(step.to));
        return undefined;
      case 'rename':
        await driver.rename(path, this.#path(step.to), step.flags);
        return undefined;
      default:
        throw new Error(`${step.op} is not made here`);
    }
  }
}

function statusOf({ mode, sizeBytes, nlink, mtimeNs, ino }: Attributes): Status {
  const type = (mode & constants.S_IFMT) === constants.S_IFDIR ? 'directory' : 'file';
  const texts = { mtimeNs: String(mtimeNs), ino: String(ino) };
  return { type, mode: mode & 0o7777, size: Number(sizeBytes), nlink, ...texts };
}

function ignoreMissing(reason: unknown): undefined {
  if (!(reason instanceof Failure) || reason.kind !== 'no-entry') throw reason;
  return undefined;
}

async function groundOf(fixture: Fixture): Promise<Ground> {
  const kernel = new Kernel(new Driver(await fixture.mount(SMALL)));
  let programs = 0;
  return {
    actors: kernel,
    signal: new AbortController().signal,
    async makeRoot() {
      programs += 1;
      await kernel.driver.mkdir(`program-${programs}`);
      return `program-${programs}`;
    },
    async removeRoot(root) {
      for (const name of await kernel.driver.list(root)) await kernel.driver.unlink(`${root}/${name}`);
      await kernel.driver.rmdir(root);
    },
    restart: {
      async remount() {
        await kernel.driver.fs.stop();
        kernel.driver = new Driver(await fixture.mount(SMALL));
      },
      crash: () => Promise.reject(new Error('no program here crashes')),
    },
  };
}

test(`random programs on files of tiny parts give what the model says (${STEPS} steps, OBJECTFS_PROGRAM_SEED=${SEED})`, async () => {
  const fixture = await startFixture({ minimumPartBytes: 16 * KIB });
  try {
    const ground = await groundOf(fixture);
    for (let seed = SEED; seed < SEED + STEPS / LENGTH; seed += 1) {
      const program = generate(tinyParts(), createRandom(seed), LENGTH);
      const mismatch = await runProgram(ground, program);
      const steps = program.slice(0, (mismatch?.at ?? 0) + 1).map((step) => describeStep(step));
      if (mismatch !== undefined) throw new Error(`seed ${seed}: ${mismatch.message}\n${steps.join('\n')}`);
      expect((await fixture.store.list({ prefix: '.objectfs/parked/' })).objects).toEqual([]);
      expect(await fixture.store.listUploads()).toEqual([]);
    }
  } finally {
    await fixture.close();
  }
}, 3_600_000);
