import {
  appendFile,
  chmod,
  copyFile,
  readFile,
  readdir,
  rename,
  stat,
  truncate,
  unlink,
  writeFile,
} from 'node:fs/promises';
import { CaseList, defineGroup, equal, type CaseContext } from '../../src/harness/api/index.js';
import { MIB } from '../shared/content.js';

// What S3 is asked for, exactly: a number of requests is money, and a wrong one shows no other way.
const group = new CaseList('throughput', 'budget', {
  operations: ['requests'],
  needs: ['store', 'request-counts', 'remount'],
  timeoutMs: 60_000,
});

/** How often each of these operations was asked for while `action` ran. */
async function asked(
  { control }: CaseContext,
  operations: readonly string[],
  action: () => Promise<unknown>,
): Promise<Record<string, number>> {
  const countOf = (counts: Awaited<ReturnType<typeof control.requestCounts>>, name: string): number =>
    counts.find(({ operation }) => operation === name)?.count ?? 0;
  const before = await control.requestCounts();
  await action();
  const after = await control.requestCounts();
  return Object.fromEntries(operations.map((name) => [name, countOf(after, name) - countOf(before, name)]));
}

/** All that was asked for while `action` ran, by operation. */
async function allAsked(
  { control }: CaseContext,
  action: () => Promise<unknown>,
): Promise<Record<string, number>> {
  const before = new Map((await control.requestCounts()).map(({ operation, count }) => [operation, count]));
  await action();
  const after = await control.requestCounts();
  return Object.fromEntries(
    after.flatMap(({ operation, count }) => {
      const asked = count - (before.get(operation) ?? 0);
      return asked === 0 ? [] : [[operation, asked]];
    }),
  );
}

group.add(
  'create-of-a-small-file',
  'a new small file is one PutObject and no upload in parts',
  async (context) => {
    const counts = await asked(context, ['PutObject', 'CreateMultipartUpload', 'CopyObject'], () =>
      writeFile(context.path('file'), context.bytes(1000)),
    );
    equal(counts, { PutObject: 1, CreateMultipartUpload: 0, CopyObject: 0 }, 'requests');
  },
);

/** A call on a file that a cold mount has listed, and all that S3 is asked for by it. */
interface Budget {
  readonly name: string;
  readonly says: string;
  readonly sizeBytes: number;
  readonly call: (file: string) => Promise<unknown>;
  readonly requests: Readonly<Record<string, number>>;
}

/** A look at the object that is replaced or copied, and the frame of an upload in parts. */
const IN_PARTS = { HeadObject: 1, CreateMultipartUpload: 1, CompleteMultipartUpload: 1 };

const BUDGETS: readonly Budget[] = [
  {
    name: 'read-of-a-small-file',
    says: 'a small file that was listed is read by one GetObject, and by nothing else',
    sizeBytes: 1000,
    call: (file) => readFile(file),
    requests: { GetObject: 1 },
  },
  {
    name: 'unlink',
    says: 'a file is removed by one DeleteObject',
    sizeBytes: 1000,
    call: (file) => unlink(file),
    requests: { DeleteObject: 1 },
  },
  {
    name: 'rename-of-a-file',
    says: 'a file is renamed by one copy on the server and one delete, with a look at the new name and a note of what is begun; no byte of it is fetched or sent',
    sizeBytes: 6 * MIB,
    call: (file) => rename(file, `${file}-renamed`),
    requests: { CopyObject: 1, DeleteObjects: 1, ListObjectsV2: 1, PutObject: 1 },
  },
  {
    name: 'chmod',
    says: 'a mode is changed by one copy on the server',
    sizeBytes: 6 * MIB,
    call: (file) => chmod(file, 0o600),
    requests: { CopyObject: 1 },
  },
  {
    name: 'copy-inside-the-mount',
    says: 'a file is copied on the server, as an upload of one part; no byte of it is fetched or sent',
    sizeBytes: 20 * MIB,
    call: (file) => copyFile(file, `${file}-copy`),
    requests: { ...IN_PARTS, ListObjectsV2: 1, UploadPartCopy: 1 },
  },
  {
    name: 'append-to-a-large-file',
    says: 'bytes behind a large file are sent by themselves: what was there is copied on the server',
    sizeBytes: 12 * MIB,
    call: (file) => appendFile(file, 'more'),
    requests: { ...IN_PARTS, UploadPart: 1, UploadPartCopy: 1 },
  },
  {
    name: 'truncate-of-a-large-file',
    says: 'a large file is cut without a byte of it being fetched',
    sizeBytes: 20 * MIB,
    call: (file) => truncate(file, 10 * MIB),
    requests: { ...IN_PARTS, UploadPartCopy: 1 },
  },
];

for (const { name, says, sizeBytes, call, requests } of BUDGETS) {
  group.add(name, says, async (context) => {
    const file = context.path('file');
    await writeFile(file, context.bytes(sizeBytes));
    await context.control.remount();
    await stat(context.directory);
    await Promise.all((await readdir(context.directory)).map((entry) => stat(context.path(entry))));
    equal(await allAsked(context, () => call(file)), requests, 'requests');
  });
}

const FILES = 200;

group.add(
  'ls-of-two-hundred-files',
  'ls -l of 200 files that were listed before asks for no object by itself, also after a remount',
  async (context) => {
    for (let at = 0; at < FILES; at += 1) await writeFile(context.path(`file-${at}`), 'x');
    const list = async (): Promise<void> => {
      const names = await readdir(context.directory);
      equal(names.length, FILES, 'count of names');
      await Promise.all(names.map((name) => stat(context.path(name))));
    };
    await list();
    await context.control.remount();
    await stat(context.directory); // the directories of its path are asked for by themselves
    const counts = await asked(context, ['HeadObject'], list);
    equal(counts['HeadObject'] ?? 0, 0, 'HeadObject requests');
  },
);

defineGroup(group);
