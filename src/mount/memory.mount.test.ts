import * as fs from 'node:fs/promises';
import pLimit from 'p-limit';
import { describeMount } from '../harness/testing/mount-tests.js';
import { startMount, type RunningMount } from './start.js';
import { makeMountPlace, startTestServer, type MountPlace, type TestServer } from './testing/mount-place.js';

const MIB = 1024 * 1024;
/**
 * The full size: `OBJECTFS_MEMORY_READERS=64 OBJECTFS_MEMORY_FILES=10000 OBJECTFS_MEMORY_MIB=16`. From
 * `OBJECTFS_MEMORY_LIMIT_MIB=256` on, a mount takes its memory in huge pages.
 */
const READERS = Number(process.env['OBJECTFS_MEMORY_READERS'] ?? 8);
const OPEN_FILES = Number(process.env['OBJECTFS_MEMORY_FILES'] ?? 100);
const FILE_MIB = Number(process.env['OBJECTFS_MEMORY_MIB'] ?? 6);
const LIMIT_MIB = Number(process.env['OBJECTFS_MEMORY_LIMIT_MIB'] ?? 64);
const ABOVE_LIMIT_MIB = 200;
/** What a process that started by chance would take: a mount below it was not measured. */
const LEAST_MIB = 40;
const TIMEOUT_MS = 1_200_000;

/** The most that the process has had in memory so far. */
async function peakMib(pid: number): Promise<number> {
  const status = await fs.readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024;
}

describeMount('memory of a mount', () => {
  let server: TestServer;
  let place: MountPlace;
  let mount: RunningMount;

  beforeEach(async () => {
    [server, place] = await Promise.all([startTestServer(), makeMountPlace()]);
  });
  afterEach(async () => {
    await place.remove();
    await server.close();
  });

  async function readWhole(name: string, fill: number): Promise<void> {
    const file = await fs.open(place.at(name));
    const buffer = Buffer.alloc(MIB);
    let bytes = 0;
    for (let got = 1; got > 0; bytes += got) {
      const { bytesRead } = await file.read(buffer, 0, MIB);
      got = bytesRead;
      if (got > 0 && (buffer[0] !== fill || buffer[got - 1] !== fill)) throw new Error(`Bytes of ${name}`);
    }
    await file.close();
    expect(bytes).toBe(FILE_MIB * MIB);
  }

  async function writeWhole(name: string, fill: number): Promise<void> {
    const file = await fs.open(place.at(name), 'w');
    const buffer = Buffer.alloc(MIB, fill);
    for (let piece = 0; piece < FILE_MIB; piece += 1) await file.write(buffer);
    await file.close();
  }

  test(
    `${READERS} readers and writers and ${OPEN_FILES} open files take at most the limit and ${ABOVE_LIMIT_MIB} MiB`,
    async () => {
      const limit = pLimit(16);
      const numbers = Array.from({ length: READERS }, (_none, index) => index);
      const small = Array.from({ length: OPEN_FILES }, (_none, index) => `small-${index}`);
      await Promise.all([
        ...numbers.map((index) =>
          limit(() => server.store.put(`large-${index}`, Buffer.alloc(FILE_MIB * MIB, index + 1))),
        ),
        ...small.map((name) => limit(() => server.store.put(name, Buffer.from(name)))),
      ]);
      mount = await startMount(place.plan(server.connection, { memoryLimit: LIMIT_MIB * MIB }), {
        foreground: true,
      });
      try {
        const files = await Promise.all(small.map((name) => limit(() => fs.open(place.at(name), 'r+'))));
        await Promise.all(
          numbers.flatMap((index) => [
            readWhole(`large-${index}`, index + 1),
            writeWhole(`new-${index}`, index + 1),
          ]),
        );
        await Promise.all(files.map((file) => limit(() => file.close())));
        const peak = await peakMib(mount.pid);
        expect(peak).toBeGreaterThan(LEAST_MIB);
        expect(peak).toBeLessThanOrEqual(LIMIT_MIB + ABOVE_LIMIT_MIB);
      } finally {
        await mount.unmount();
        await mount.done;
      }
      const last = await server.store.head(`new-${READERS - 1}`);
      expect(last.sizeBytes).toBe(FILE_MIB * MIB);
    },
    TIMEOUT_MS,
  );
});
