import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../../config/schema.js';
import type { CopyConfig } from '../../config/quick.js';
import { formatSize } from '../../config/size.js';
import { Failure, usageError } from '../../errors/failure.js';
import { stateFolder } from '../../harness/state.js';
import { createLog } from '../../log/log.js';
import type { Progress } from '../../log/progress.js';
import { createProgress } from '../../log/terminal-progress.js';
import { connectionForTransfers, connectionOf, preferLean } from '../../s3/connection.js';
import type { ConnectionCounts } from '../../s3/sockets/meter.js';
import { urlOf, type CopyContext, type CopySummary } from '../../transfer/copy/copy-context.js';
import { downloadFile, downloadStream } from '../../transfer/copy/download-file.js';
import { copyOnServer } from '../../transfer/copy/server-copy.js';
import { copyTree, listTree } from '../../transfer/copy/tree.js';
import { uploadFile } from '../../transfer/copy/upload-file.js';
import { createTransporter } from '../../transfer/create.js';
import { EXIT } from '../exit.js';
import { settleTarget, treeAt, type Place } from './places.js';
import { byteProgress } from './progress.js';
import { copyStores } from './stores.js';

/** A copy as the command line asks for it. */
export interface CopyWish {
  readonly source: Place;
  readonly destination: Place;
  readonly config: CopyConfig;
  readonly recursive: boolean;
  readonly json: boolean;
  readonly resume: boolean;
  readonly logLevel: Config['log']['level'];
}

/** Copies, prints what was done, and sets the exit code. */
export async function runCopy(wish: CopyWish, signal: AbortSignal): Promise<void> {
  const { config, source, destination } = wish;
  if (source.kind !== 'object' && destination.kind !== 'object') {
    throw usageError('Neither source nor destination is on S3', 'Write one of them as s3://BUCKET/KEY');
  }
  const connection = connectionForTransfers(preferLean(connectionOf(config.s3)), config.transfer);
  const log = createLog(wish.logLevel);
  const stores = copyStores(connection, log);
  const context: CopyContext = {
    storeFor: (bucket) => stores.storeFor(bucket),
    endpoint: config.s3.endpoint ?? `aws:${config.s3.region}`,
    settings: config.transfer,
    journals: join(stateFolder(), 'transfers'),
    resume: wish.resume,
    log,
    signal,
  };
  const progress = createProgress();
  try {
    const done = wish.recursive
      ? await runTree(context, wish, progress)
      : { copies: [await runOne(context, wish, progress)], problems: [] };
    progress.end();
    tell(wish, done, stores.connections());
  } catch (reason) {
    throw signal.aborted ? stopped(signal, Failure.from(reason)) : reason;
  } finally {
    progress.end();
    stores.close();
  }
}

/** Ctrl-C, with what is kept and how to go on. */
function stopped(signal: AbortSignal, { remedy }: Failure): Failure {
  const { message } = Failure.from(signal.reason);
  return new Failure('cancelled', message, remedy === undefined ? {} : { remedy });
}

async function runOne(context: CopyContext, wish: CopyWish, progress: Progress): Promise<CopySummary> {
  const { source } = wish;
  const target = await settleTarget(source, wish.destination);
  if (source.kind === 'object') {
    const label = source.key.split('/').at(-1) ?? source.key;
    const onBytes = byteProgress(progress, label);
    if (target.kind === 'object') return copyOnServer(context, source, target, onBytes);
    if (target.kind === 'file') return downloadFile(context, source, target.path, onBytes);
    return downloadStream(context, source, process.stdout, onBytes);
  }
  if (target.kind !== 'object') throw new Failure('internal', 'A copy without S3');
  if (source.kind === 'stream') return uploadStdin(context, target);
  const facts = await stat(source.path).catch(() => undefined);
  if (facts?.isDirectory() === true) {
    throw usageError(`${source.path} is a folder`, 'Add --recursive', source.path);
  }
  const onBytes = byteProgress(progress, source.path.split('/').at(-1) ?? source.path);
  return uploadFile(context, source.path, target, onBytes);
}

async function uploadStdin(
  context: CopyContext,
  target: { readonly bucket: string; readonly key: string },
): Promise<CopySummary> {
  const { settings, log, signal } = context;
  const transporter = createTransporter('optimized', context.storeFor(target.bucket), settings, { log });
  const source = { kind: 'stream', stream: process.stdin } as const;
  const summary = await transporter.upload(target.key, source, { signal });
  return { ...summary, source: '-', destination: urlOf(target) };
}

async function runTree(context: CopyContext, wish: CopyWish, progress: Progress): Promise<Done> {
  const [source, target] = [treeAt(wish.source), treeAt(wish.destination)];
  if (source.kind === 'prefix' && target.kind === 'prefix' && isInside(urlOf(target), urlOf(source))) {
    throw usageError(`${urlOf(target)} lies inside ${urlOf(source)}`, 'Name a destination outside of it');
  }
  const { entries, skipped } = await listTree(context, source);
  for (const { name, reason } of skipped) progress.note(`left out: ${JSON.stringify(name)}: ${reason}`);
  if (entries.length === 0) {
    throw new Failure('no-entry', 'There is nothing to copy', { remedy: 'Check the name of the source' });
  }
  const onBytes = byteProgress(progress, `${entries.length} files`);
  const { summaries, problems } = await copyTree(context, source, target, entries, onBytes);
  for (const { name, failure } of problems) {
    progress.note(`objectfs: ${JSON.stringify(name)}: ${failure.toLine().replace(/\s*[\r\n]+\s*/g, ' ')}`);
  }
  if (problems.length > 0) process.exitCode = EXIT.failed;
  const told = problems.map(({ name, failure }) => ({ name, kind: failure.kind, message: failure.message }));
  return { copies: summaries, problems: told };
}

function isInside(inner: string, outer: string): boolean {
  return inner.startsWith(outer);
}

interface Problem {
  readonly name: string;
  readonly kind: string;
  readonly message: string;
}

/** What a command has copied, and what of it failed. */
interface Done {
  readonly copies: readonly CopySummary[];
  readonly problems: readonly Problem[];
}

/** The summary goes to standard output, but where the bytes go there. */
function tell(wish: CopyWish, { copies, problems }: Done, connections: ConnectionCounts): void {
  const out = wish.destination.kind === 'stream' ? process.stderr : process.stdout;
  if (wish.json) {
    const result = wish.recursive ? { copies, problems } : copies[0];
    out.write(`${JSON.stringify({ ...result, connections })}\n`);
    return;
  }
  for (const copy of wish.recursive ? [] : copies) out.write(`${lineFor(copy)}\n`);
  if (!wish.recursive) return;
  const bytes = copies.reduce((sum, copy) => sum + copy.sizeBytes, 0);
  const unverified = copies.filter((copy) => !copy.verification.verified).length;
  out.write(
    `${copies.length} files, ${formatSize(bytes)}; ${problems.length} failed; ` +
      `${unverified === 0 ? 'all verified' : `${unverified} not verified`}\n`,
  );
}

function lineFor(copy: CopySummary): string {
  const { source, destination, sizeBytes, elapsedMs, resumedBytes, verification, fallback } = copy;
  const { retries, hedged, hedgeWins } = copy;
  const resumed = resumedBytes === 0 ? '' : `, ${formatSize(resumedBytes)} of them by an earlier run`;
  const check = verification.verified
    ? `verified by ${verification.by}`
    : `not verified: ${verification.reason}`;
  const plain = fallback === undefined ? '' : `; by one plain request: ${fallback.reason}`;
  const time = `${(elapsedMs / 1000).toFixed(1)} s`;
  const again = retries === 0 ? '' : `; ${retries} tried again`;
  const twice = hedged === 0 ? '' : `; ${hedged} asked for twice, ${hedgeWins} of them sooner by it`;
  return `${source} -> ${destination}: ${formatSize(sizeBytes)} in ${time}${resumed}; ${check}${again}${twice}${plain}`;
}
