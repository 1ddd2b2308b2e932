import { chmod, readFile, readdir, rename, stat, unlink, writeFile } from 'node:fs/promises';
import {
  CaseList,
  codeOf,
  defineGroup,
  equal,
  ok,
  sameBytes,
  type CaseContext,
} from '../../src/harness/api/index.js';
import { bytesBehind } from '../shared/content.js';

const group = new CaseList('integrity', 'both-ways', {
  operations: ['read', 'lookup'],
  needs: ['store'],
  timeoutMs: 30_000,
});

async function put(context: CaseContext, name: string, content: string | Buffer): Promise<string> {
  const key = context.store.keyOf(context.path(name));
  await context.store.put(key, Buffer.from(content), { signal: context.signal });
  return key;
}

group.add(
  'object-appears-as-a-file',
  'an object that another client puts is a file of the mount with its content and size',
  async (context) => {
    const content = context.bytes(123_457);
    await put(context, 'object', content);
    equal((await stat(context.path('object'))).size, content.length, 'size');
    sameBytes(await readFile(context.path('object')), content, 'content');
    equal(await readdir(context.directory), ['object'], 'names');
  },
);

group.add(
  'key-with-slashes-appears-as-a-path',
  'an object with slashes in its key appears below directories that nobody made',
  async (context) => {
    await put(context, 'one/two/three.txt', 'deep');
    equal(await readFile(context.path('one', 'two', 'three.txt'), 'utf8'), 'deep', 'content');
    equal(await readdir(context.directory), ['one'], 'names of the first level');
    ok((await stat(context.path('one', 'two'))).isDirectory(), 'a part of the key is a directory');
  },
);

/** Long enough for one answer of the server, and far less than retries of a refusal would take. */
const REFUSED_AT_ONCE_MS = 10_000;

group.add(
  'archived-object',
  'an object in an archive is listed with its size, and reading it fails at once; its bytes stay there',
  async (context) => {
    const key = context.store.keyOf(context.path('cold'));
    const body = context.bytes(5_000);
    const options = { storageClass: 'GLACIER', signal: context.signal } as const;
    const answer = await context.store.put(key, body, options).then(() => 'kept', String);
    if (answer !== 'kept' || (await context.store.head(key)).storageClass !== 'GLACIER')
      return context.skip('this server has no archive');
    equal(await readdir(context.directory), ['cold'], 'names');
    equal((await stat(context.path('cold'))).size, body.length, 'size');
    const beganMs = performance.now();
    const code = await readFile(context.path('cold')).then(() => 'read', codeOf);
    ok(performance.now() - beganMs < REFUSED_AT_ONCE_MS, 'the answer came at once');
    ok(code !== 'read' && code !== 'ENOENT', `the read failed, and not with ENOENT (${String(code)})`);
    equal((await context.store.head(key)).sizeBytes, body.length, 'size in the bucket');
  },
);

const names: readonly (readonly [string, string])[] = [
  ['spaces', 'a name with spaces'],
  ['unicode', 'Grüße 文件 🚀'],
  ['plus-percent-hash', 'a+b%20c#d?e&f=g'],
  ['quotes-and-brackets', `it's "quoted" [x] {y} <z>`],
];
for (const [id, name] of names) {
  group.add(
    `name-with-${id}`,
    `a key with ${id.replaceAll('-', ', ')} is the same name in the mount, both ways`,
    async (context) => {
      await put(context, name, 'from S3');
      equal(await readdir(context.directory), [name], 'names');
      equal(await readFile(context.path(name), 'utf8'), 'from S3', 'content by the mount');
      await writeFile(context.path(`2 ${name}`), 'from the mount');
      equal(
        (await bytesBehind(context, context.path(`2 ${name}`))).toString(),
        'from the mount',
        'content by S3',
      );
    },
  );
}

group.add(
  'file-is-a-plain-object',
  'a file of the mount is one object under the same key with just its bytes',
  async (context) => {
    const content = context.bytes(70_001);
    await writeFile(context.path('file.bin'), content);
    const key = context.store.keyOf(context.path('file.bin'));
    const listed = await context.store.list({ prefix: key });
    equal(
      listed.objects.map((object) => [object.key, object.sizeBytes]),
      [[key, content.length]],
      'objects of the file',
    );
    sameBytes(await bytesBehind(context, context.path('file.bin')), content, 'content of the object');
  },
);

group.add('removed-file-is-a-removed-object', 'after unlink(2) the object is gone', async (context) => {
  await writeFile(context.path('file'), 'x');
  await unlink(context.path('file'));
  const listed = await context.store.list({ prefix: context.store.keyOf(context.path('file')) });
  equal(
    listed.objects.map(({ key }) => key),
    [],
    'objects of the file',
  );
});

group.add(
  'replaced-object-shows-after-remount',
  'an object that another client replaces shows its new content after a remount',
  async (context) => {
    await writeFile(context.path('file'), 'by the mount');
    await put(context, 'file', 'by another client');
    await context.control.remount();
    equal(await readFile(context.path('file'), 'utf8'), 'by another client', 'content');
  },
  { needs: ['remount'] },
);

group.add(
  'deleted-object-is-gone-after-remount',
  'an object that another client deletes is no file after a remount',
  async (context) => {
    await writeFile(context.path('file'), 'x');
    await context.store.delete(context.store.keyOf(context.path('file')));
    await context.control.remount();
    await context.expectErrno('ENOENT', () => stat(context.path('file')));
    equal(await readdir(context.directory), [], 'names');
  },
  { needs: ['remount'] },
);

async function putDescribed(context: CaseContext): Promise<string> {
  const key = context.store.keyOf(context.path('object'));
  await context.store.put(key, Buffer.from('content'), {
    metadata: { project: 'apollo', 'reviewed-by': 'Zoë' },
    headers: { contentType: 'application/pdf', cacheControl: 'max-age=60', contentDisposition: 'inline' },
    signal: context.signal,
  });
  return key;
}

async function expectDescription(context: CaseContext, key: string): Promise<void> {
  const head = await context.store.head(key);
  equal(head.metadata['project'], 'apollo', 'foreign metadata "project"');
  equal(head.metadata['reviewed-by'], 'Zoë', 'foreign metadata "reviewed-by"');
  equal(head.headers.contentType, 'application/pdf', 'content type');
  equal(head.headers.cacheControl, 'max-age=60', 'cache control');
}

group.add(
  'rename-keeps-foreign-metadata',
  'rename(2) keeps content, content type and metadata that other tools set',
  async (context) => {
    await putDescribed(context);
    await rename(context.path('object'), context.path('renamed'));
    await expectDescription(context, context.store.keyOf(context.path('renamed')));
    equal((await bytesBehind(context, context.path('renamed'))).toString(), 'content', 'content');
  },
  { operations: ['rename'] },
);

group.add(
  'chmod-keeps-foreign-metadata',
  'chmod(2) keeps content, content type and metadata that other tools set',
  async (context) => {
    const key = await putDescribed(context);
    await chmod(context.path('object'), 0o640);
    await expectDescription(context, key);
    equal((await bytesBehind(context, context.path('object'))).toString(), 'content', 'content');
  },
  { operations: ['chmod'] },
);

group.add(
  'write-keeps-foreign-metadata',
  'write(2) keeps content type and metadata that other tools set',
  async (context) => {
    const key = await putDescribed(context);
    await writeFile(context.path('object'), 'edited', { flag: 'r+' });
    await expectDescription(context, key);
    equal((await bytesBehind(context, context.path('object'))).toString(), 'editedt', 'content');
  },
  { operations: ['write'] },
);

defineGroup(group);
