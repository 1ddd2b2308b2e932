import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pLimit from 'p-limit';
import { formatSize } from '../config/size.js';
import { Failure } from '../errors/failure.js';
import type { Log } from '../log/log.js';
import type { ObjectStore } from '../s3/store.js';
import { generateFile } from './generate.js';
import { SMALL_FILE_BYTES, type ExperimentFile, type ExperimentPlan, type OperationName } from './plan.js';
import { createRandom, deriveSeed } from '../random/random.js';
import { hashObject, putFile } from './verify.js';

/** What one cell moves, with the objects that its downloads read. */
export interface Cell {
  /** `upload/32 MiB`; also names the cell's seeds. */
  readonly id: string;
  readonly operation: OperationName;
  readonly label: string;
  readonly files: readonly CellFile[];
  readonly sizeBytes: number;
}

export interface CellFile extends ExperimentFile {
  /** Where downloads find it. */
  readonly sourceKey: string;
}

/** The local folder, the objects to read, and what removes both. */
export interface Workspace {
  readonly folder: string;
  readonly prefix: string;
  readonly warmKey: string;
  readonly cells: readonly Cell[];
  close(): Promise<void>;
}

const PARALLEL_PREPARATION = 4;

/**
 * Generates the content, puts the objects that downloads will read, and reads each of them back: an experiment on
 * wrong bytes never starts.
 */
export async function prepareWorkspace(
  plan: ExperimentPlan,
  store: ObjectStore,
  prefix: string,
  signal: AbortSignal,
  log: Log,
): Promise<Workspace> {
  const folder = await mkdtemp(join(tmpdir(), 'objectfs-bench-'));
  const warmKey = `${prefix}warm`;
  const keys = [warmKey];
  const close = async () => {
    await rm(folder, { recursive: true, force: true });
    await deleteKeys(store, keys, log);
  };
  try {
    await store.put(warmKey, Buffer.from('1'), { signal });
    const groups = await prepareFiles(plan, folder, prefix, signal);
    keys.push(...groups.flatMap((group) => group.files.map((file) => file.sourceKey)));
    const limit = pLimit(PARALLEL_PREPARATION);
    const puts = groups.flatMap((group) =>
      group.files.map((file) => limit(() => putSource(store, file, signal))),
    );
    await settleAll(puts);
    const cells = groups.flatMap((group) =>
      plan.operations.map((operation) => ({ ...group, operation, id: `${operation}/${group.label}` })),
    );
    return { folder, prefix, warmKey, cells, close };
  } catch (error) {
    await close();
    throw error;
  }
}

interface FileGroup {
  readonly label: string;
  readonly sizeBytes: number;
  readonly files: readonly CellFile[];
}

async function prepareFiles(
  plan: ExperimentPlan,
  folder: string,
  prefix: string,
  signal: AbortSignal,
): Promise<FileGroup[]> {
  const groups: FileGroup[] = [];
  for (const sizeBytes of plan.sizesBytes) {
    const path = join(folder, `source-${sizeBytes}`);
    const sha256 = await generateFile(path, deriveSeed(plan.seed, `content ${sizeBytes}`), sizeBytes, signal);
    const file = {
      name: `generated ${sizeBytes}`,
      path,
      sizeBytes,
      sha256,
      sourceKey: `${prefix}source/${sizeBytes}`,
    };
    groups.push({ label: formatSize(sizeBytes), sizeBytes, files: [file] });
  }
  if (plan.files.length > 0) {
    groups.push({
      label: `real files (${plan.files.length})`,
      sizeBytes: plan.files.reduce((sum, file) => sum + file.sizeBytes, 0),
      files: plan.files.map((file, index) => ({ ...file, sourceKey: `${prefix}source/file-${index}` })),
    });
  }
  if (plan.smallFiles > 0) groups.push(await smallFileGroup(plan, folder, prefix, signal));
  return groups;
}

async function smallFileGroup(
  { seed, smallFiles }: ExperimentPlan,
  folder: string,
  prefix: string,
  signal: AbortSignal,
): Promise<FileGroup> {
  const random = createRandom(deriveSeed(seed, 'sizes of small files'));
  const [least, most] = SMALL_FILE_BYTES;
  const sizes = Array.from({ length: smallFiles }, () => Math.round(least * (most / least) ** random()));
  const limit = pLimit(PARALLEL_PREPARATION);
  const files = await Promise.all(
    sizes.map((sizeBytes, index) =>
      limit(async () => {
        const name = `small-${index}`;
        const path = join(folder, name);
        const sha256 = await generateFile(path, deriveSeed(seed, name), sizeBytes, signal);
        return { name, path, sizeBytes, sha256, sourceKey: `${prefix}source/${name}` };
      }),
    ),
  );
  const sizeBytes = sizes.reduce((sum, size) => sum + size, 0);
  return { label: `small files (${smallFiles})`, sizeBytes, files };
}

async function putSource(store: ObjectStore, file: CellFile, signal: AbortSignal): Promise<void> {
  await putFile(store, file.sourceKey, file, signal);
  const found = await hashObject(store, file.sourceKey, file.sizeBytes, signal);
  if (found === file.sha256) return;
  throw new Failure('bad-checksum', `The server gave other bytes than were sent for ${file.name}`, {
    subject: file.sourceKey,
    remedy: 'Nothing that this endpoint stores can be trusted; check it before measuring',
  });
}

/** Waits for all, also after a failure, so that no put is under way when the caller cleans up. */
async function settleAll(tasks: readonly Promise<void>[]): Promise<void> {
  const results = await Promise.allSettled(tasks);
  const failed = results.find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

/** Removal after a cancelled run too, so without its signal; what is left goes with the bucket. */
export async function deleteKeys(store: ObjectStore, keys: readonly string[], log: Log): Promise<void> {
  const batchSize = 1000; // S3, DeleteObjects
  for (let start = 0; start < keys.length; start += batchSize) {
    await store.deleteMany(keys.slice(start, start + batchSize)).catch((error: unknown) => {
      log.warn({ error }, 'benchmark objects were not deleted');
    });
  }
}
