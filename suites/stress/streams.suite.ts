import { open, writeFile } from 'node:fs/promises';
import {
  CaseList,
  defineGroup,
  equal,
  ok,
  sameBytes,
  type CaseContext,
} from '../../src/harness/api/index.js';
import { Progress } from './shared/progress.js';

const KIB = 1024;
const MIB = 1024 * KIB;

const group = new CaseList('stress', 'streams', { operations: ['read'], timeoutMs: 120_000, tier: 'full' });

/** Many readers of files that are not in any cache; one of them reads little at a time. */
const SCENARIOS = [
  { name: 'slow-reader', says: 'one file each', readers: 32, files: 32, sizeBytes: MIB, tier: 'full' },
  { name: 'slow-reader-of-one', says: 'one file', readers: 32, files: 1, sizeBytes: 8 * MIB, tier: 'full' },
  {
    name: 'slow-reader-large',
    says: 'large files',
    readers: 48,
    files: 12,
    sizeBytes: 64 * MIB,
    tier: 'soak',
  },
] as const;

const SLOW_READ_BYTES = KIB;
const FAST_READ_BYTES = 128 * KIB;
/** What the slow one reads: much less than the others, and over many turns of theirs. */
const SLOW_BYTES = 256 * KIB;

for (const { name, says, readers, files, sizeBytes, tier } of SCENARIOS) {
  group.add(
    name,
    `${readers} readers of ${says}, one with 1 KiB at a time: all get on, and all bytes are right`,
    async (context) => {
      for (let file = 0; file < files; file += 1)
        await writeFile(context.path(`file-${file}`), context.bytes(sizeBytes, file));
      if (context.has('remount')) await context.control.remount();
      const progress = new Progress();
      const ended: number[] = [];
      const work = Array.from({ length: readers }, async (_, reader) => {
        const file = reader % files;
        const isSlow = reader === 0;
        const read = {
          file,
          bytes: isSlow ? SLOW_BYTES : sizeBytes,
          atOnce: isSlow ? SLOW_READ_BYTES : FAST_READ_BYTES,
        };
        const content = await readThrough(context, progress, reader, read);
        sameBytes(content, context.bytes(sizeBytes, file).subarray(0, read.bytes), `content of file ${file}`);
        ended.push(reader);
      });
      await progress.watch(context, Promise.all(work));
      equal(ended.length, readers, 'readers that came to the end');
      ok(progress.done >= SLOW_BYTES / SLOW_READ_BYTES, 'the slow one read 1 KiB at a time');
    },
    { tier },
  );
}

async function readThrough(
  context: CaseContext,
  progress: Progress,
  reader: number,
  { file, bytes, atOnce }: { readonly file: number; readonly bytes: number; readonly atOnce: number },
): Promise<Buffer> {
  const path = context.path(`file-${file}`);
  const handle = await progress.step(reader, `open of file ${file}`, () => open(path));
  const content = Buffer.alloc(bytes);
  try {
    for (let at = 0; at < bytes;) {
      context.signal.throwIfAborted();
      const { bytesRead } = await progress.step(reader, `read of file ${file} at ${at}`, () =>
        handle.read(content, at, Math.min(atOnce, bytes - at), at),
      );
      ok(bytesRead > 0, `file ${file} does not end at ${at}`);
      at += bytesRead;
    }
  } finally {
    await handle.close();
  }
  return content;
}

defineGroup(group);
