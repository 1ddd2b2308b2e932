import { open, readFile, readdir, stat, writeFile } from 'node:fs/promises';
import {
  CaseList,
  codeOf,
  defineGroup,
  ok,
  sameBytes,
  type CaseContext,
} from '../../src/harness/api/index.js';
import { sha256, sha256OfFile } from '../shared/content.js';
import { inParallel, workers } from './shared/workers.js';

const MIB = 1024 * 1024;

// Limits of memory and disk hold, and what does not fit is told.
const group = new CaseList('stress', 'resources', {
  operations: ['read', 'write', 'fsync'],
  needs: ['remount', 'target-settings'],
  timeoutMs: 180_000,
  tier: 'full',
});

/** What a process may take beside the budget of its buffers: code, heap, metadata. */
const MEMORY_SLACK_BYTES = 200 * MIB;

const MEMORY = [
  { name: 'memory-ceiling', workers: 8, sizeBytes: 16 * MIB, limitBytes: 128 * MIB, tier: 'full' },
  {
    name: 'memory-ceiling-of-gigabytes',
    workers: 16,
    sizeBytes: 256 * MIB,
    limitBytes: 256 * MIB,
    tier: 'soak',
  },
] as const;

for (const { name, workers: count, sizeBytes, limitBytes, tier } of MEMORY) {
  const mib = (bytes: number): number => Math.round(bytes / MIB);
  group.add(
    name,
    `${count} writers and then ${count} readers of ${mib(sizeBytes)} MiB each leave a target with a limit of ${mib(limitBytes)} MiB below ${mib(limitBytes + MEMORY_SLACK_BYTES)} MiB`,
    async (context) => {
      await context.control.remount({ memoryLimitBytes: limitBytes });
      const digests = new Map<number, string>();
      await workers(context, count, async (worker) => {
        digests.set(worker, await writeInPieces(context, `file-${worker}`, sizeBytes, worker));
      });
      const written = await context.control.process();
      await context.control.remount({ memoryLimitBytes: limitBytes });
      await workers(context, count, async (worker) => {
        const digest = await sha256OfFile(context.path(`file-${worker}`));
        ok(digest === digests.get(worker), `file ${worker} has its content`);
      });
      const read = await context.control.process();
      context.note(
        `peak of ${mib(written.peakRssBytes)} MiB by writers and ${mib(read.peakRssBytes)} MiB by readers, limit ${mib(limitBytes)} MiB`,
      );
      for (const { peakRssBytes } of [written, read])
        ok(
          peakRssBytes < limitBytes + MEMORY_SLACK_BYTES,
          `the peak of ${mib(peakRssBytes)} MiB is within the limit`,
        );
    },
    { tier, timeoutMs: tier === 'soak' ? 1_800_000 : 180_000 },
  );
}

/** Names and attributes of a directory that others filled are memory too. */
const NAMES = [
  { name: 'memory-of-5000-names', count: 5_000, tier: 'full' },
  { name: 'memory-of-100000-names', count: 100_000, tier: 'soak' },
] as const;

const NAMES_LIMIT_BYTES = 64 * MIB;
/** A name that the kernel knows has to be kept. */
const BYTES_OF_A_NAME = 1024;
const PUTS_AT_ONCE = 16;
/** Not more at a time than Node's pool has threads. */
const STATS_AT_ONCE = 4;

for (const { name, count, tier } of NAMES) {
  group.add(
    name,
    `a listing of ${count} names and a stat of each leave a target with a limit of ${NAMES_LIMIT_BYTES / MIB} MiB below ${(NAMES_LIMIT_BYTES + MEMORY_SLACK_BYTES) / MIB} MiB and 1 KiB for each name`,
    async (context) => {
      const names = Array.from({ length: count }, (_none, index) => `name-${index}`);
      const prefix = context.store.keyOf(context.directory);
      await inParallel(context, PUTS_AT_ONCE, names, async (key) => {
        await context.store.put(`${prefix}/${key}`, Buffer.from(key), { signal: context.signal });
      });
      await context.control.remount({ memoryLimitBytes: NAMES_LIMIT_BYTES });
      const listed = await readdir(context.directory);
      ok(listed.length === count, `${listed.length} of ${count} names are listed`);
      await inParallel(context, STATS_AT_ONCE, listed, async (entry) => {
        ok((await stat(context.path(entry))).size === entry.length, `size of ${entry}`);
      });
      const { peakRssBytes } = await context.control.process();
      const peakMib = Math.round(peakRssBytes / MIB);
      context.note(`peak of ${peakMib} MiB with ${count} names, limit ${NAMES_LIMIT_BYTES / MIB} MiB`);
      ok(
        peakRssBytes < NAMES_LIMIT_BYTES + MEMORY_SLACK_BYTES + count * BYTES_OF_A_NAME,
        `the peak of ${peakMib} MiB is within the limit`,
      );
    },
    {
      operations: ['readdir', 'stat'],
      needs: ['store'],
      tier,
      timeoutMs: tier === 'soak' ? 1_800_000 : 180_000,
    },
  );
}

/** @returns The digest of what was written. */
async function writeInPieces(
  context: CaseContext,
  name: string,
  sizeBytes: number,
  salt: number,
): Promise<string> {
  const content = context.bytes(sizeBytes, salt);
  const file = await open(context.path(name), 'w');
  try {
    for (let at = 0; at < sizeBytes; at += MIB) {
      context.signal.throwIfAborted();
      await file.write(content, at, Math.min(MIB, sizeBytes - at), at);
    }
  } finally {
    await file.close();
  }
  return sha256(content);
}

const DISK_BYTES = 24 * MIB;

const FILLERS = [
  { name: 'cache-disk-full-in-order', says: 'from begin to end', pieces: (count: number) => upwards(count) },
  {
    name: 'cache-disk-full-backwards',
    says: 'from end to begin',
    pieces: (count: number) => upwards(count).reverse(),
  },
] as const;

for (const { name, says, pieces } of FILLERS) {
  group.add(
    name,
    `a file larger than the disk of the cache, written ${says}, is whole or refused with ENOSPC; no other file suffers`,
    async (context) => {
      await context.control.remount({ cacheDiskBytes: DISK_BYTES });
      const small = context.bytes(2 * MIB, 1);
      await writeFile(context.path('before'), small);
      const content = context.bytes(48 * MIB, 2);
      const code = await writePieces(context, content, pieces(48)).then(
        () => undefined,
        (reason: unknown) => codeOf(reason) ?? String(reason),
      );
      context.note(code === undefined ? 'the file went through' : `the file was refused with ${code}`);
      ok(
        code === undefined || ['ENOSPC', 'EDQUOT', 'EFBIG'].includes(code),
        `the error is honest, and not ${code ?? ''}`,
      );
      sameBytes(await readFile(context.path('before')), small, 'a file of before');
      await context.control.remount();
      await writeFile(context.path('after'), small);
      for (const file of ['before', 'after'])
        sameBytes(await readFile(context.path(file)), small, `${file}, after a remount with more room`);
      if (code === undefined) sameBytes(await readFile(context.path('large')), content, 'the large file');
    },
    { needs: ['root'] },
  );
}

function upwards(count: number): number[] {
  return [...Array(count).keys()];
}

async function writePieces(context: CaseContext, content: Buffer, order: readonly number[]): Promise<void> {
  const file = await open(context.path('large'), 'w');
  try {
    for (const piece of order) {
      context.signal.throwIfAborted();
      await file.write(content, piece * MIB, MIB, piece * MIB);
    }
  } finally {
    await file.close();
  }
}

defineGroup(group);
