import { createReadStream, createWriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import type { ObjectStore } from '../s3/store.js';
import type { TransferSource, TransferSummary, Transporter } from '../transfer/transporter.js';

/** One PutObject, one GetObject. */
export function singleRequestTransporter(store: ObjectStore): Transporter {
  return {
    name: 'plain',
    upload: async (key, source, options = {}) => {
      const { body, sizeBytes } = await bodyOf(source);
      const result = await store.put(key, body, {
        ...options,
        ...(sizeBytes !== undefined && { sizeBytes }),
      });
      return { ...result, ...summary(sizeBytes ?? 0) };
    },
    download: async (key, sink, options = {}) => {
      const { head, body } = await store.get(key, options);
      await pipeline(body, sink.kind === 'file' ? createWriteStream(sink.path) : sink.stream);
      return { etag: head.etag, ...summary(head.sizeBytes) };
    },
  };
}

async function bodyOf(source: TransferSource) {
  if (source.kind === 'bytes') return { body: source.bytes, sizeBytes: source.bytes.length };
  if (source.kind === 'stream') return { body: source.stream, sizeBytes: source.sizeBytes };
  return { body: createReadStream(source.path), sizeBytes: (await stat(source.path)).size };
}

function summary(sizeBytes: number): TransferSummary {
  return { sizeBytes, elapsedMs: 0, parts: 1, requests: 1, retries: 0, peakInFlight: 1 };
}
