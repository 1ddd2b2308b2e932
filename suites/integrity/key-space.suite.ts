import { chmod, readFile, readdir, rmdir, stat, unlink, writeFile } from 'node:fs/promises';
import {
  CaseList,
  defineGroup,
  equal,
  ok,
  sameBytes,
  type CaseContext,
} from '../../src/harness/api/index.js';
import { bytesBehind } from '../shared/content.js';

// Keys that are no plain paths: docs/semantics.md states what the reference file system makes of each.
const group = new CaseList('integrity', 'key-space', {
  operations: ['lookup', 'readdir'],
  needs: ['store'],
  timeoutMs: 30_000,
});

function keyOf(context: CaseContext, below: string): string {
  return `${context.store.keyOf(context.directory)}/${below}`;
}

async function put(context: CaseContext, below: string, content: string): Promise<void> {
  await context.store.put(keyOf(context, below), Buffer.from(content), { signal: context.signal });
}

async function objectAt(context: CaseContext, below: string): Promise<string> {
  const { body } = await context.store.get(keyOf(context, below), { signal: context.signal });
  return Buffer.concat((await body.toArray()) as Buffer[]).toString(); // an object's body is a stream of bytes
}

group.add(
  'implicit-directory',
  'a directory that only keys below it make is there, and stays when its last file goes',
  async (context) => {
    await put(context, 'made/by/key', 'x');
    ok((await stat(context.path('made', 'by'))).isDirectory(), 'a part of the key is a directory');
    await unlink(context.path('made', 'by', 'key'));
    equal(await readdir(context.path('made', 'by')), [], 'names after the last file went');
    await rmdir(context.path('made', 'by'));
    equal(await readdir(context.path('made')), [], 'names after rmdir');
  },
);

group.add('marker', 'an empty object whose key ends with a slash is an empty directory', async (context) => {
  await put(context, 'empty/', '');
  equal(await readdir(context.directory), ['empty'], 'names');
  equal(await readdir(context.path('empty')), [], 'names in it');
  await rmdir(context.path('empty'));
  equal(await readdir(context.directory), [], 'names after rmdir');
});

group.add(
  'marker-with-data',
  'a marker with bytes is a directory, and a chmod of it keeps the bytes',
  async (context) => {
    await put(context, 'dir/', 'bytes');
    ok((await stat(context.path('dir'))).isDirectory(), 'it is a directory');
    await chmod(context.path('dir'), 0o700);
    equal(await objectAt(context, 'dir/'), 'bytes', 'its bytes');
    equal((await stat(context.path('dir'))).mode & 0o777, 0o700, 'its mode');
  },
);

group.add(
  'hadoop-folder',
  'an empty object name_$folder$ is a file of that name beside the directory',
  async (context) => {
    await put(context, 'logs_$folder$', '');
    await put(context, 'logs/a', 'x');
    equal((await readdir(context.directory)).sort(), ['logs', 'logs_$folder$'], 'names');
    equal(await readFile(context.path('logs', 'a'), 'utf8'), 'x', 'content');
  },
);

group.add(
  'object-beside-directory',
  'an object that has the name of a directory is hidden by it and stays as it is',
  async (context) => {
    await put(context, 'a', 'object');
    await put(context, 'a/b', 'child');
    equal(await readdir(context.directory), ['a'], 'names');
    equal(await readFile(context.path('a', 'b'), 'utf8'), 'child', 'content of the child');
    await unlink(context.path('a', 'b'));
    await rmdir(context.path('a'));
    equal(await readFile(context.path('a'), 'utf8'), 'object', 'content once the directory is gone');
  },
);

for (const [id, key, shown] of [
  ['empty-part', 'two//slashes', 'two'],
  ['dot-part', 'one/./dot', 'one'],
  ['dot-dot-part', 'one/../dots', 'one'],
] as const) {
  group.add(
    id,
    `the key ${key} shows as far as its parts are names; the rest is hidden and stays`,
    async (context) => {
      await put(context, key, 'hidden');
      equal(await readdir(context.directory), [shown], 'names');
      equal(await readdir(context.path(shown)), [], 'names in it');
      await context.expectErrno('ENOTEMPTY', () => rmdir(context.path(shown)));
      equal(await objectAt(context, key), 'hidden', 'the object');
      await context.store.delete(keyOf(context, key), { signal: context.signal });
    },
  );
}

group.add(
  'control-characters',
  'control characters in a key are the same bytes in the name, both ways',
  async (context) => {
    const name = 'tab\tline\nbell\u0007escape\u001b[1m';
    await put(context, name, 'from S3');
    equal(await readdir(context.directory), [name], 'names');
    equal(await readFile(context.path(name), 'utf8'), 'from S3', 'content by the mount');
    await writeFile(context.path(`2${name}`), 'from the mount');
    sameBytes(await bytesBehind(context, context.path(`2${name}`)), Buffer.from('from the mount'), 'object');
  },
);

group.add(
  'no-utf-8',
  'a name of bytes that are no UTF-8 keeps them, though a key can not hold them as they are',
  async (context) => {
    const name = Buffer.from([0x66, 0xff, 0x80, 0xc3]);
    const path = Buffer.concat([Buffer.from(`${context.directory}/`), name]);
    await writeFile(path, 'x');
    const names = await readdir(context.directory, { encoding: 'buffer' });
    equal(
      names.map((found) => found.toString('hex')),
      [name.toString('hex')],
      'names',
    );
    equal(await readFile(path, 'utf8'), 'x', 'content');
    const { objects } = await context.store.list({ prefix: keyOf(context, '') });
    equal(objects.filter(({ key }) => !key.endsWith('/')).length, 1, 'objects');
  },
);

group.add(
  'name-too-long',
  'a key with a part of more than 255 bytes is refused with ENAMETOOLONG and stays',
  async (context) => {
    const name = 'n'.repeat(256);
    await put(context, name, 'long');
    await context.expectErrno('ENAMETOOLONG', () => readFile(context.path(name)));
    equal(await objectAt(context, name), 'long', 'the object');
    await context.store.delete(keyOf(context, name), { signal: context.signal });
  },
);

defineGroup(group);
