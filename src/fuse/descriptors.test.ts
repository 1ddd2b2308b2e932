import { open, mkdtemp, rm, stat, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Descriptors } from './descriptors.js';

/** Any file system will do: this process holds the descriptors itself. */
describe('descriptors of a process', () => {
  let folder: string;
  let handles: FileHandle[];
  let descriptors: Descriptors;

  async function opened(name: string, flags: string): Promise<bigint> {
    const handle = await open(join(folder, name), flags);
    handles.push(handle);
    return (await handle.stat({ bigint: true })).ino;
  }
  const canWrite = (ino: bigint): boolean => descriptors.canWrite(process.pid, ino);

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'objectfs-descriptors-'));
    handles = [];
    descriptors = new Descriptors();
    const { dev } = await stat(folder, { bigint: true });
    // As `major()` and `minor()` of <sys/sysmacros.h> take it apart.
    const major = ((dev >> 8n) & 0xfffn) | ((dev >> 32n) & ~0xfffn);
    const minor = (dev & 0xffn) | ((dev >> 12n) & ~0xffn);
    descriptors.device = `${major}:${minor}`;
  });
  afterEach(async () => {
    await Promise.all(handles.map((handle) => handle.close()));
    await rm(folder, { recursive: true });
  });

  test('are found while one that can write is open, and no longer', async () => {
    const ino = await opened('a', 'w');
    expect(canWrite(ino)).toBe(true);
    await handles.pop()?.close();
    expect(canWrite(ino)).toBe(false);
  });

  test('that only read do not count', async () => {
    const ino = await opened('a', 'w');
    await handles.pop()?.close();
    await opened('a', 'r');
    expect(canWrite(ino)).toBe(false);
    await opened('a', 'r+');
    expect(canWrite(ino)).toBe(true);
  });

  test('of the same number on another mount do not count', async () => {
    const ino = await opened('a', 'w');
    descriptors.device = '0:0';
    expect(canWrite(ino)).toBe(false);
    descriptors.device = '';
    expect(canWrite(ino)).toBe(false);
  });

  test('of a process that nobody can look into, or that has very many, are not found', async () => {
    const ino = await opened('a', 'w');
    expect(descriptors.canWrite(0, ino)).toBe(false);
    expect(descriptors.canWrite(0x7fff_ffff, ino)).toBe(false);
    for (let i = 0; i < 64; i += 1) await opened('a', 'w');
    expect(canWrite(ino)).toBe(false);
  });
});
