import { Transform } from 'node:stream';
import type { Operation, Reply } from '../../emulator/operations/request.js';
import { S3Error } from '../../emulator/protocol/s3-error.js';
import { mutantsOf } from '../mutant.js';

/** The replies of one operation, changed. */
function changeReply(sound: Operation, name: string, change: (reply: Reply) => Reply): Partial<Operation> {
  if (sound.name !== name) return {};
  return { run: async (request) => change(await sound.run(request)) };
}

function changeBody(reply: Reply, change: (chunk: Buffer) => Buffer): Reply {
  if (typeof reply.body !== 'object') return reply;
  const changed = new Transform({
    transform(chunk: Buffer, _encoding, callback) {
      callback(null, change(Buffer.from(chunk)));
    },
  });
  reply.body.once('error', (reason) => changed.destroy(reason));
  return { ...reply, body: reply.body.pipe(changed) };
}

function withHeaders(reply: Reply, headers: Reply['headers']): Reply {
  return { ...reply, headers: { ...reply.headers, ...headers } };
}

/** Defects of S3 servers that a suite on a new server must show. */
export const SERVER_MUTANTS = mutantsOf('server', [
  [
    'server-flips-a-bit',
    'the server stores or sends one wrong bit',
    ['range:direct/whole', 'range:direct/first-byte'],
    (sound) =>
      changeReply(sound, 'GetObject', (reply) =>
        changeBody(reply, (chunk) => {
          chunk[0] = (chunk[0] ?? 0) ^ 1;
          return chunk;
        }),
      ),
  ],
  [
    'server-forgets-content-range',
    'a partial reply does not say which part it is',
    ['range:direct/first-byte'],
    (sound) => changeReply(sound, 'GetObject', (reply) => withHeaders(reply, { 'content-range': undefined })),
  ],
  [
    'server-says-200-for-a-range',
    'a partial reply looks like a whole one',
    ['range:direct/first-byte'],
    (sound) =>
      changeReply(sound, 'GetObject', (reply) => (reply.status === 206 ? { ...reply, status: 200 } : reply)),
  ],
  [
    'server-416-as-403',
    'a range behind the end is refused with the wrong status',
    ['range:direct/416-start-at-the-end', 'range:direct/416-start-after-the-end'],
    (sound) => ({
      run: async (request) => {
        try {
          return await sound.run(request);
        } catch (reason) {
          if (!(reason instanceof S3Error) || reason.code !== 'InvalidRange') throw reason;
          throw new S3Error('AccessDenied');
        }
      },
    }),
  ],
  [
    'server-loses-metadata',
    'the server keeps no user metadata',
    ['integrity:metadata/mode-400', 'integrity:metadata/owner'],
    (sound) => {
      const strip = (reply: Reply): Reply => ({
        ...reply,
        headers: Object.fromEntries(
          Object.entries(reply.headers).filter(([name]) => !name.startsWith('x-amz-meta-')),
        ),
      });
      const inGet = changeReply(sound, 'GetObject', strip);
      return inGet.run === undefined ? changeReply(sound, 'HeadObject', strip) : inGet;
    },
  ],
  [
    'server-listing-ends-early',
    'the first page of a listing says that it is the last',
    ['integrity:saved/1001-keys-are-listed'],
    (sound) =>
      changeReply(sound, 'ListObjectsV2', (reply) =>
        typeof reply.body === 'string'
          ? {
              ...reply,
              body: reply.body
                .replace('<IsTruncated>true<', '<IsTruncated>false<')
                .replace(/<NextContinuationToken>.*?<\/NextContinuationToken>/, ''),
            }
          : reply,
      ),
  ],
  [
    'server-listing-skips-one',
    'the second page of a listing lacks its first name',
    ['integrity:saved/1001-keys-are-listed'],
    (sound) => ({
      run: async (request) => {
        const reply = await sound.run(request);
        const isLater = request.head.hasParameter('continuation-token');
        if (sound.name !== 'ListObjectsV2' || !isLater || typeof reply.body !== 'string') return reply;
        return { ...reply, body: reply.body.replace(/<Contents>.*?<\/Contents>/s, '') };
      },
    }),
  ],
  [
    'server-delete-does-nothing',
    'a delete is answered and not done',
    ['integrity:both-ways/removed-file-is-a-removed-object'],
    (sound) =>
      sound.name === 'DeleteObject' ? { run: () => Promise.resolve({ status: 204, headers: {} }) } : {},
  ],
  [
    'server-etag-always-the-same',
    'every object has the same ETag, so that nothing can be pinned',
    ['range:direct/pinned-by-if-match', 'range:mount/replaced-in-the-middle-is-never-a-mix'],
    (sound) =>
      sound.name === 'PutObject' || sound.name === 'HeadObject' || sound.name === 'GetObject'
        ? {
            run: async (request) =>
              withHeaders(await sound.run(request), { etag: '"00000000000000000000000000000000"' }),
          }
        : {},
  ],
  [
    'server-upload-list-empty',
    'open uploads are not listed, so that nobody removes them',
    ['integrity:saved/open-upload-is-listed'],
    (sound) =>
      changeReply(sound, 'ListMultipartUploads', (reply) =>
        typeof reply.body === 'string'
          ? { ...reply, body: reply.body.replace(/<Upload>.*<\/Upload>/s, '') }
          : reply,
      ),
  ],
]);
