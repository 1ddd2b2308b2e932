import { readdir, stat, writeFile } from 'node:fs/promises';
import { CaseList, defineGroup, equal, type CaseContext } from '../../src/harness/api/index.js';

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
