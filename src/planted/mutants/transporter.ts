import { truncate, writeFile } from 'node:fs/promises';
import { mutantsOf } from '../mutant.js';
import { without } from '../without.js';

/** Ways in which a transporter can be wrong and still say that it is done. */
export const TRANSPORTER_MUTANTS = mutantsOf('transporter', [
  [
    'download-short-of-one-byte',
    'a downloaded file lacks its last byte',
    ['integrity:transporter/transporter-reads-mount-file', 'integrity:transporter/part-edges-by-plain'],
    (sound) => ({
      download: async (key, sink, options) => {
        const summary = await sound.download(key, sink, options);
        if (sink.kind === 'file') await truncate(sink.path, Math.max(0, summary.sizeBytes - 1));
        return summary;
      },
    }),
  ],
  [
    'failed-download-leaves-a-file',
    'a download that failed leaves an empty file',
    ['integrity:transporter/failed-download-leaves-no-file'],
    (sound) => ({
      download: async (key, sink, options) => {
        if (sink.kind === 'file') await writeFile(sink.path, '');
        return sound.download(key, sink, options);
      },
    }),
  ],
  [
    'counts-nothing',
    'the summary of an upload tells fewer requests than were sent',
    ['throughput:transfer/plain-moves-the-bytes', 'throughput:transfer/one-request-for-1-bytes'],
    (sound) => ({
      upload: async (...args) => ({ ...(await sound.upload(...args)), requests: 0, retries: 0 }),
    }),
  ],
  [
    'progress-counted-twice',
    'progress counts bytes twice',
    ['throughput:transfer/progress-adds-up'],
    (sound) => ({
      upload: (key, source, options = {}) =>
        sound.upload(key, source, {
          ...options,
          onProgress: (doneBytes) => options.onProgress?.(2 * doneBytes),
        }),
    }),
  ],
  [
    'cancel-not-heard',
    'an upload goes on after it was cancelled',
    ['integrity:transporter/cancelled-upload-leaves-nothing'],
    (sound) => ({
      upload: (key, source, options = {}) => sound.upload(key, source, without(options, 'signal')),
    }),
  ],
  [
    'upload-cuts-the-tail',
    'an upload ends at the last whole 4 KiB',
    ['integrity:transporter/part-edges-by-plain', 'throughput:transfer/one-request-for-5242880-bytes'],
    (sound) => ({
      upload: async (key, source, options) => {
        if (source.kind !== 'bytes') return sound.upload(key, source, options);
        const kept = source.bytes.length - (source.bytes.length % 4096);
        const summary = await sound.upload(
          key,
          { kind: 'bytes', bytes: source.bytes.subarray(0, kept) },
          options,
        );
        return { ...summary, sizeBytes: source.bytes.length };
      },
    }),
  ],
]);
