import { mkdir, readFile, readdir, rename, rmdir, unlink, writeFile } from 'node:fs/promises';
import { CaseList, defineGroup, equal, ok } from '../../src/harness/api/index.js';
import { isAbsent, makeFile, stats } from './shared/files.js';

const group = new CaseList('posix', 'names', {
  operations: ['create', 'lookup', 'readdir', 'rename', 'unlink'],
});

const names: readonly (readonly [string, string])[] = [
  ['spaces', ' leading, inner  and trailing '],
  ['only-a-space', ' '],
  ['newline', 'line\nbreak'],
  ['tab-and-control', 'tab\tbell\u0007escape\u001b'],
  ['delete-character', 'del\u007f'],
  ['single-quotes', `it's`],
  ['double-quotes', '"quoted"'],
  ['backslash', 'back\\slash'],
  ['percent', '100%25%2F%zz'],
  ['plus', 'a+b c'],
  ['hash', '#fragment#'],
  ['question-mark', 'what?a=b&c=d'],
  ['colon-and-semicolon', 'a:b;c'],
  ['asterisk-and-brackets', '*[a-z]{x}'],
  ['angle-brackets', '<xml>&amp;'],
  ['dollar-and-backtick', '$HOME`id`'],
  ['tilde-and-caret', '~user^'],
  ['leading-dot', '.hidden'],
  ['three-dots', '...'],
  ['trailing-dot', 'name.'],
  ['leading-dash', '-rf'],
  ['unicode-nfc', 'caf\u00e9'],
  ['unicode-nfd', 'cafe\u0301'],
  ['emoji', '🚀👩‍👩‍👧'],
  ['cyrillic-and-chinese', 'Привет 文件'],
  ['right-to-left', 'שלום مرحبا'],
  ['zero-width', 'a\u200bb\ufeff'],
  ['highest-code-point', '\u{10ffff}'],
  ['pipe-and-at', 'a|b@c'],
  ['equals-and-comma', 'k=v,k2=v2'],
];

for (const [id, name] of names) {
  group.add(
    id,
    `a file and a directory whose name has ${id.replaceAll('-', ' ')} are made, listed, renamed and removed`,
    async (context) => {
      await makeFile(context, name, 'content');
      equal(await readdir(context.directory), [name], 'listed name');
      equal(await readFile(context.path(name), 'utf8'), 'content', 'content');
      await rename(context.path(name), context.path('plain'));
      await rename(context.path('plain'), context.path(name));
      await unlink(context.path(name));
      ok(await isAbsent(context.path(name)), 'the file is gone');
      await mkdir(context.path(name));
      await makeFile(context, `${name}/${name}`, 'inside');
      equal(await readdir(context.path(name)), [name], 'listed name in the directory');
      await unlink(context.path(name, name));
      await rmdir(context.path(name));
      equal(await readdir(context.directory), [], 'names left');
    },
  );
}

group.add(
  'nfc-and-nfd-are-two-files',
  'names that differ only in Unicode normalization are two files',
  async (context) => {
    await makeFile(context, 'caf\u00e9', 'composed');
    await makeFile(context, 'cafe\u0301', 'decomposed');
    equal(await readFile(context.path('caf\u00e9'), 'utf8'), 'composed', 'content of the composed name');
    equal((await readdir(context.directory)).length, 2, 'count of names');
  },
);

group.add(
  'bytes-that-are-no-utf8',
  'a file and a directory whose name has bytes that are no UTF-8 keep it byte for byte',
  async (context) => {
    const name = Buffer.from([0x66, 0xff, 0xfe, 0x80, 0x67]);
    const path = Buffer.concat([Buffer.from(`${context.directory}/`), name]);
    const listed = async () =>
      (await readdir(context.directory, { encoding: 'buffer' })).map((entry) => entry.toString('hex'));
    await writeFile(path, 'content');
    equal(await listed(), [name.toString('hex')], 'bytes of the listed name');
    equal(await readFile(path, 'utf8'), 'content', 'content');
    await rename(path, context.path('plain'));
    await rename(context.path('plain'), path);
    equal(await listed(), [name.toString('hex')], 'bytes of the name after two renames');
    await unlink(path);
    await mkdir(path);
    equal(await listed(), [name.toString('hex')], 'bytes of the name of the directory');
    await rmdir(path);
    equal(await listed(), [], 'names left');
  },
  { needs: ['name-bytes'] },
);

group.add(
  'all-together',
  'all these names live in one directory, and each is listed once',
  async (context) => {
    await mkdir(context.path('a'));
    for (const [id, name] of names) await makeFile(context, `a/${name}`, id);
    const expected = names.map(([, name]) => name).toSorted();
    equal((await readdir(context.path('a'))).toSorted(), expected, 'names');
    for (const [id, name] of names)
      equal(await readFile(context.path('a', name), 'utf8'), id, `content of ${id}`);
  },
  { timeoutMs: 60_000 },
);

group.add(
  'looks-like-a-listing-marker',
  'names that resemble what S3 tools reserve are plain names',
  async (context) => {
    const special = ['a_$folder$', 'x.keep', 'prefix', 'null', 'undefined', '%2e', '.Trash'];
    for (const name of special) await makeFile(context, name, name);
    equal((await readdir(context.directory)).toSorted(), special.toSorted(), 'names');
    for (const name of special) ok((await stats(context.path(name))).isFile(), `${name} is a file`);
  },
);

defineGroup(group);
