import { chmod, readFile, readdir, rename, stat, unlink, writeFile } from 'node:fs/promises';
import {
  CaseList,
  codeOf,
  defineGroup,
  equal,
  ok,
  sameBytes,
  type CaseContext,
  type Fault,
} from '../../src/harness/api/index.js';
import { MIB, bytesBehind } from '../shared/content.js';

// One reply of the server is wrong: what was acknowledged is whole, and what was not is never there by half.
const group = new CaseList('stress', 'replies', {
  operations: [],
  needs: ['store', 'remount', 'faults'],
  timeoutMs: 120_000,
  tier: 'full',
});

const SMALL_BYTES = 300_000;
/** Goes up in parts, and comes down in ranges. */
const LARGE_BYTES = 12 * MIB + 3;

/** What a program may be told. Never that a file is not there: a server that answers wrong has not said that. */
const HONEST = ['EIO', 'EAGAIN', 'EBUSY', 'ETIMEDOUT', 'EACCES', 'EPERM', 'ESTALE'];

const ERROR_DOCUMENT: Fault = { kind: 'error-document', code: 'InternalError' };
const TRUNCATED: Fault = { kind: 'truncated-xml' };
const LOST: Fault = { kind: 'lost-reply' };
const WRONG_ETAG: Fault = { kind: 'wrong-etag' };
const SKEWED: Fault = { kind: 'skewed-clock' };
const SHORT: Fault = { kind: 'short-body' };
const STALLED: Fault = { kind: 'stalled-body', forMs: 1_500 };
const RESET_INSIDE_REQUEST: Fault = { kind: 'reset', at: 'inside-request' };
const RESET_INSIDE_REPLY: Fault = { kind: 'reset', at: 'inside-reply' };
const RESET_AFTER_REPLY: Fault = { kind: 'reset', at: 'after-reply' };

/** A name and a sentence's part for each, and what is wrong. */
const FAULTS = {
  'error-document': ['is 200 with an error document', ERROR_DOCUMENT],
  'truncated-xml': ['is a document that breaks off', TRUNCATED],
  'lost-reply': ['is lost after the effect', LOST],
  'wrong-etag': ['has the ETag of something else', WRONG_ETAG],
  'skewed-clock': ['calls the clock of the client skewed', SKEWED],
  'short-body': ['has half of the bytes that it announces', SHORT],
  'stalled-body': ['stands still in the middle for 1.5 s', STALLED],
  'reset-inside-request': ['is a reset in the middle of the request', RESET_INSIDE_REQUEST],
  'reset-inside-reply': ['is a reset in the middle of the reply', RESET_INSIDE_REPLY],
  'reset-after-reply': ['is followed by a reset of its connection', RESET_AFTER_REPLY],
} as const satisfies Readonly<Record<string, readonly [string, Fault]>>;
type FaultName = keyof typeof FAULTS;

/** What other targets send in its place. */
const ALSO: Readonly<Record<string, readonly string[]>> = {
  DeleteObject: ['DeleteObjects'],
  ListObjectsV2: ['ListObjects'],
};

/** Works while the first reply to `operation` is wrong; `undefined` where the target has not sent that request. */
async function underWrongReply<T>(
  context: CaseContext,
  operation: string,
  fault: Fault,
  work: () => Promise<T>,
): Promise<T | undefined> {
  await context.control.remount();
  await context.control.setFaults({
    seed: context.seed,
    rules: [{ operation: [operation, ...(ALSO[operation] ?? [])], times: 1, fault }],
  });
  try {
    const result = await work();
    const fired = (await context.control.faultCounts()).reduce((sum, count) => sum + count.fired, 0);
    return fired === 0 ? undefined : result;
  } finally {
    await context.control.setFaults(undefined);
  }
}

/** `ok`, or the errno, which has to be an honest one. What a check inside has found wrong is thrown on. */
async function answerOf(call: () => Promise<unknown>): Promise<string> {
  try {
    await call();
    return 'ok';
  } catch (reason) {
    const code = codeOf(reason);
    if (code === undefined) throw reason;
    ok(HONEST.includes(code), `the call failed with an honest errno, and not with ${code}`);
    return code;
  }
}

/** One row per operation and fault; `ask` is given both. */
function rows(
  act: string,
  sentence: string,
  options: {
    readonly operations: readonly string[];
    readonly cells: readonly (readonly [string, FaultName])[];
  },
  ask: (context: CaseContext, operation: string, fault: Fault) => Promise<boolean>,
): void {
  for (const [operation, name] of options.cells) {
    const [says, fault] = FAULTS[name];
    group.add(
      `${act}-${operation.toLowerCase()}-${name}`,
      `where the reply to a ${operation} ${says}, ${sentence}`,
      async (context) => {
        const isFired = await ask(context, operation, fault);
        if (!isFired) context.skip(`this target sends no ${operation} for it`);
      },
      { operations: options.operations },
    );
  }
}

for (const [size, sizeBytes] of [
  ['small', SMALL_BYTES],
  ['large', LARGE_BYTES],
] as const) {
  rows(
    `read-${size}`,
    `a ${size} file is read right or with an honest error, and right when it is read again`,
    {
      operations: ['read'],
      cells: (
        [
          'error-document',
          'short-body',
          'stalled-body',
          'reset-inside-reply',
          'reset-after-reply',
          'skewed-clock',
        ] as const
      ).map((fault) => ['GetObject', fault]),
    },
    async (context, operation, fault) => {
      const path = context.path('file');
      const content = context.bytes(sizeBytes);
      await context.store
        .transporter('plain')
        .upload(context.store.keyOf(path), { kind: 'bytes', bytes: content });
      const answer = await underWrongReply(context, operation, fault, () =>
        answerOf(async () => {
          sameBytes(await readFile(path), content, 'content');
        }),
      );
      sameBytes(await readFile(path), content, 'content when all replies are right');
      return answer !== undefined;
    },
  );
}

const WRITES = [
  [
    'small',
    SMALL_BYTES,
    [['PutObject', ['lost-reply', 'wrong-etag', 'reset-inside-request', 'skewed-clock']]],
  ],
  [
    'large',
    LARGE_BYTES,
    [
      ['CreateMultipartUpload', ['error-document', 'truncated-xml', 'lost-reply']],
      ['UploadPart', ['lost-reply', 'wrong-etag', 'reset-inside-request']],
      ['CompleteMultipartUpload', ['error-document', 'truncated-xml', 'lost-reply', 'reset-after-reply']],
    ],
  ],
] as const;

for (const [size, sizeBytes, requests] of WRITES) {
  rows(
    `write-${size}`,
    `a new ${size} file that close acknowledged is whole in S3, one that it refused is not there by half, and no upload is left`,
    {
      operations: ['write', 'close'],
      cells: requests.flatMap(([operation, faults]) => faults.map((fault) => [operation, fault] as const)),
    },
    async (context, operation, fault) => {
      const path = context.path('file');
      const content = context.bytes(sizeBytes);
      const answer = await underWrongReply(context, operation, fault, () =>
        answerOf(() => writeFile(path, content)),
      );
      if (answer === 'ok') sameBytes(await bytesBehind(context, path), content, 'object');
      await context.control.remount();
      const found = await readFile(path).catch(() => Buffer.alloc(0));
      if (answer === 'ok' || found.length > 0) sameBytes(found, content, 'content after a remount');
      equal(await context.store.listUploads(context.store.keyOf(context.directory)), [], 'open uploads');
      return answer !== undefined;
    },
  );
}

rows(
  'rename',
  'a file has its new name where rename acknowledged it, else one of both, and is whole',
  {
    operations: ['rename'],
    cells: [
      ['CopyObject', 'error-document'],
      ['CopyObject', 'truncated-xml'],
      ['CopyObject', 'lost-reply'],
      ['DeleteObject', 'lost-reply'],
    ],
  },
  async (context, operation, fault) => {
    const content = context.bytes(SMALL_BYTES);
    await writeFile(context.path('old'), content);
    const answer = await underWrongReply(context, operation, fault, () =>
      answerOf(() => rename(context.path('old'), context.path('new'))),
    );
    await context.control.remount();
    const names = (await readdir(context.directory)).toSorted();
    if (answer === 'ok') equal(names, ['new'], 'names');
    ok(names.length > 0, 'the file has a name');
    for (const name of names) sameBytes(await readFile(context.path(name)), content, `content of ${name}`);
    return answer !== undefined;
  },
);

rows(
  'chmod',
  'the mode is the new one where chmod acknowledged it, and the file is whole',
  {
    operations: ['chmod'],
    cells: [
      ['CopyObject', 'error-document'],
      ['CopyObject', 'truncated-xml'],
      ['CopyObject', 'lost-reply'],
    ],
  },
  async (context, operation, fault) => {
    const [path, content] = [context.path('file'), context.bytes(SMALL_BYTES)];
    await writeFile(path, content, { mode: 0o644 });
    const answer = await underWrongReply(context, operation, fault, () => answerOf(() => chmod(path, 0o600)));
    await context.control.remount();
    if (answer === 'ok') equal((await stat(path)).mode & 0o777, 0o600, 'mode');
    sameBytes(await readFile(path), content, 'content');
    return answer !== undefined;
  },
);

rows(
  'list',
  'a directory is listed whole or with an honest error',
  {
    operations: ['readdir'],
    cells: (['error-document', 'truncated-xml', 'short-body', 'reset-inside-reply'] as const).map((fault) => [
      'ListObjectsV2',
      fault,
    ]),
  },
  async (context, operation, fault) => {
    const expected = Array.from({ length: 40 }, (_none, index) => `file-${100 + index}`);
    for (const name of expected) await writeFile(context.path(name), name);
    const answer = await underWrongReply(context, operation, fault, () =>
      answerOf(async () => {
        equal((await readdir(context.directory)).toSorted(), expected, 'names');
      }),
    );
    equal((await readdir(context.directory)).toSorted(), expected, 'names when all replies are right');
    return answer !== undefined;
  },
);

rows(
  'unlink',
  'a file that unlink acknowledged is gone, and one that it refused can be removed again',
  {
    operations: ['unlink'],
    cells: [
      ['DeleteObject', 'lost-reply'],
      ['DeleteObject', 'skewed-clock'],
    ],
  },
  async (context, operation, fault) => {
    const path = context.path('file');
    await writeFile(path, 'content');
    const answer = await underWrongReply(context, operation, fault, () => answerOf(() => unlink(path)));
    await context.control.remount();
    const left = await unlink(path).then(() => 'there', codeOf);
    if (answer === 'ok') equal(left, 'ENOENT', 'a second unlink after a remount');
    equal(await readdir(context.directory), [], 'names at the end');
    return answer !== undefined;
  },
);

defineGroup(group);
