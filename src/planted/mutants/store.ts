import { Transform } from 'node:stream';
import type { ObjectBody } from '../../s3/store.js';
import { mutantsOf } from '../mutant.js';
import { without } from '../without.js';

/** The same bytes, changed in place as they flow; `done` counts those before the chunk. */
function changeFlow(change: (bytes: Buffer, done: number) => void): Transform {
  let done = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, callback) {
      const copy = Buffer.from(chunk);
      change(copy, done);
      done += copy.length;
      callback(null, copy);
    },
  });
}

async function bytesOf(body: ObjectBody): Promise<Buffer> {
  if (body instanceof Uint8Array) return Buffer.from(body);
  const chunks: Buffer[] = [];
  // A stream may use its buffers again.
  for await (const chunk of body) chunks.push(Buffer.from(chunk as Buffer)); // a body is a stream of bytes (ObjectBody)
  return Buffer.concat(chunks);
}

/** What the file system and the transporter ask of S3. */
export const STORE_MUTANTS = mutantsOf('store', [
  [
    'range-off-by-one',
    'a range begins one byte late',
    ['range:mount/in-the-middle', 'range:mount/edge-5-mib', 'integrity:transporter/part-edges-by-optimized'],
    (sound) => ({
      get: (key, options = {}) => {
        const { range } = options;
        if (range === undefined || range.firstByte === 0) return sound.get(key, options);
        const shifted = { firstByte: range.firstByte - 1, lastByte: range.lastByte - 1 };
        return sound.get(key, { ...options, range: shifted }).then((read) => ({ ...read, range }));
      },
    }),
  ],
  [
    'bit-flip-in-transit',
    'one bit of a long object is flipped on its way',
    ['integrity:transporter/mount-reads-multipart-object', 'integrity:files/real-files-after-remount'],
    (sound) => ({
      get: async (key, options) => {
        const read = await sound.get(key, options);
        const flipped = changeFlow((bytes, done) => {
          if (done <= 70_000 && done + bytes.length > 70_000)
            bytes[70_000 - done] = (bytes[70_000 - done] ?? 0) ^ 4;
        });
        read.body.once('error', (reason) => flipped.destroy(reason));
        return { ...read, body: read.body.pipe(flipped) };
      },
    }),
  ],
  [
    'etag-not-pinned',
    'reads of one open are not bound to one version of the object',
    ['range:mount/replaced-in-the-middle-is-never-a-mix'],
    (sound) => ({
      get: async (key, options = {}) => {
        const { ifMatch, ...rest } = options;
        const read = await sound.get(key, rest);
        return ifMatch === undefined ? read : { ...read, head: { ...read.head, etag: ifMatch } };
      },
    }),
  ],
  [
    'last-update-wins',
    'an update that another client made meanwhile is overwritten without a word',
    ['integrity:saved/lost-update-is-refused'],
    (sound) => ({
      put: (key, body, options = {}) => sound.put(key, body, without(options, 'ifMatch')),
      completeUpload: (key, uploadId, parts, options = {}) =>
        sound.completeUpload(key, uploadId, parts, without(options, 'ifMatch')),
    }),
  ],
  [
    'put-loses-metadata',
    'objects are written without their metadata',
    ['integrity:metadata/mode-400', 'integrity:metadata/owner'],
    (sound) => ({
      put: (key, body, options) => sound.put(key, body, { ...options, metadata: {} }),
      copy: (source, target, options) =>
        sound.copy(source, target, { ...options, replace: { ...options?.replace, metadata: {} } }),
    }),
  ],
  [
    'copy-loses-foreign-metadata',
    'a rename drops what another tool noted on the object, as in s3fs before 1.84',
    ['integrity:both-ways/rename-keeps-foreign-metadata'],
    (sound) => ({
      copy: (source, target, options) =>
        sound.copy(source, target, { ...options, replace: { metadata: {} } }),
    }),
  ],
  [
    'content-headers-lost',
    'a rewrite drops the content type that another tool has set',
    ['integrity:both-ways/write-keeps-foreign-metadata'],
    (sound) => ({
      put: (key, body, options = {}) => sound.put(key, body, without(options, 'headers')),
    }),
  ],
  [
    'second-part-of-zeros',
    'each second part of an upload is stored as zeros',
    ['integrity:transporter/part-edges-by-optimized', 'integrity:files/generated-just-over-32-mib'],
    (sound) => ({
      uploadPart: async (key, uploadId, partNumber, body, options = {}) => {
        if (partNumber !== 2) return sound.uploadPart(key, uploadId, partNumber, body, options);
        const { length } = await bytesOf(body);
        return sound.uploadPart(key, uploadId, partNumber, Buffer.alloc(length), without(options, 'crc32'));
      },
    }),
  ],
  [
    'part-edge-byte-lost',
    'the last byte of each part is stored as zero',
    ['integrity:transporter/part-edges-by-optimized', 'throughput:transfer/optimized-moves-the-bytes'],
    (sound) => ({
      uploadPart: async (key, uploadId, partNumber, body, options = {}) => {
        const bytes = await bytesOf(body);
        bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 0xff;
        return sound.uploadPart(key, uploadId, partNumber, bytes, without(options, 'crc32'));
      },
    }),
  ],
  [
    'leaked-upload',
    'an upload that was given up stays open and costs money',
    ['integrity:transporter/cancelled-upload-leaves-nothing'],
    () => ({ abortUpload: () => Promise.resolve() }),
  ],
  [
    'second-page-not-asked-for',
    'of a long listing only the first page is read',
    ['integrity:saved/1001-keys-are-listed'],
    (sound) => ({
      list: async (options) => {
        const { objects, commonPrefixes } = await sound.list(options);
        return { objects, commonPrefixes };
      },
    }),
  ],
  [
    'directories-only-by-marker',
    'a directory without an object of its own is not seen',
    ['integrity:key-space/implicit-directory', 'integrity:both-ways/key-with-slashes-appears-as-a-path'],
    (sound) => ({
      list: async (options) => ({ ...(await sound.list(options)), commonPrefixes: [] }),
    }),
  ],
  [
    'removed-file-stays-in-s3',
    'unlink removes the name and leaves the object',
    ['integrity:both-ways/removed-file-is-a-removed-object'],
    () => ({ delete: () => Promise.resolve(), deleteMany: () => Promise.resolve([]) }),
  ],
  [
    'hidden-second-put',
    'each small object is sent twice, which costs twice',
    ['throughput:budget/create-of-a-small-file'],
    (sound) => ({
      put: async (key, body, options) => {
        const result = await sound.put(key, body, options);
        if (!(body instanceof Uint8Array)) return result;
        return sound.put(key, body, { ...without(options ?? {}, 'ifAbsent'), ifMatch: result.etag });
      },
    }),
  ],
  [
    'head-for-every-name',
    'a listing asks for each object by itself, as s3fs does',
    ['throughput:budget/ls-of-two-hundred-files'],
    (sound) => ({
      list: async (options) => {
        const page = await sound.list(options);
        await Promise.all(page.objects.map(({ key }) => sound.head(key)));
        return page;
      },
    }),
  ],
]);
