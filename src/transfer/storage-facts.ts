import { stat } from 'node:fs/promises';
import type { ObjectFacts } from '../config/storage-class-rules.js';
import type { TransferSource } from './transporter.js';

/** What decides the storage class of an upload. A file that is not there is left to the upload to report. */
export async function factsOf(key: string, source: TransferSource): Promise<ObjectFacts> {
  if (source.kind === 'bytes') return ofSize(key, source.bytes.byteLength);
  if (source.kind === 'stream') return ofSize(key, source.sizeBytes);
  const facts = await stat(source.path).catch(() => undefined);
  if (facts?.isFile() !== true) return ofSize(key, undefined);
  return { ...ofSize(key, facts.size), ageMs: Date.now() - facts.mtimeMs };
}

function ofSize(key: string, sizeBytes: number | undefined): ObjectFacts {
  return { key, leastBytes: sizeBytes ?? 0, mostBytes: sizeBytes ?? Infinity };
}
