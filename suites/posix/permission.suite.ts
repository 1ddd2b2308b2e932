import { access, chmod, mkdir, readFile } from 'node:fs/promises';
import { CaseList, callsAsUser, defineGroup, equal } from '../../src/harness/api/index.js';
import { O_RDONLY, O_RDWR, O_TRUNC, O_WRONLY, makeFile, withFile } from './shared/files.js';
import { asNobody } from './shared/other-user.js';

const group = new CaseList('posix', 'permission', { operations: ['open'], needs: ['root'] });

const denied: readonly (readonly [number, string, number])[] = [
  [0o200, 'for-reading', O_RDONLY],
  [0o400, 'for-writing', O_WRONLY],
  [0o400, 'for-both', O_RDWR],
  [0o400, 'for-truncating', O_RDONLY | O_TRUNC],
];
for (const [mode, name, flags] of denied) {
  group.add(
    `eacces-${name}-without-permission`,
    `open(2) ${name.replace('-', ' ')} fails with EACCES for the owner of a file of mode ${mode.toString(8)}`,
    async (context) => {
      await chmod(context.directory, 0o777);
      const answers = await asNobody(
        context,
        ['writeFile', context.path('file'), 'x'],
        ['chmod', context.path('file'), mode],
        ['open', context.path('file'), flags],
      );
      equal(answers, ['ok', 'ok', 'EACCES'], 'answers of write, chmod and open');
    },
    { needs: ['root'] },
  );
}

group.add(
  'root-passes-by-the-mode',
  'open(2) by root reads and writes a file of mode 0',
  async (context) => {
    const file = await makeFile(context, 'file', 'content');
    await chmod(file, 0);
    await withFile(file, O_RDWR, async (handle) => {
      equal(await handle.readFile('utf8'), 'content', 'content');
    });
  },
  { needs: ['root'] },
);

group.add(
  'permission-is-checked-at-open',
  'a descriptor can write on after the mode of its file was set to 0',
  async (context) => {
    await chmod(context.directory, 0o777);
    const file = await makeFile(context, 'file', 'old');
    await withFile(file, O_RDWR, async (handle) => {
      await chmod(file, 0);
      await handle.write('new', 0);
    });
    equal(await readFile(file, 'utf8'), 'new', 'content');
  },
  { needs: ['root'] },
);

for (const [name, mode, uid, gid, expected] of [
  ['group-bits-count-for-the-group', 0o040, 4321, 65_534, 'ok'],
  ['group-bits-do-not-count-for-others', 0o040, 4321, 4321, 'EACCES'],
  ['group-bits-win-over-other-bits', 0o704, 4321, 65_534, 'EACCES'],
  ['other-bits-count-for-others', 0o004, 4321, 4321, 'ok'],
  ['owner-bits-win-over-group-and-other-bits', 0o077, 65_534, 65_534, 'EACCES'],
] as const) {
  group.add(
    name,
    `open(2) by ${name.replaceAll('-', ' ')} (mode ${mode.toString(8).padStart(3, '0')}: ${expected})`,
    async (context) => {
      const file = await makeFile(context, 'file', 'x');
      await chmod(file, mode);
      await callsAsUser([['chown', file, uid, gid]], { uid: 0, gid: 0, signal: context.signal });
      equal(await asNobody(context, ['open', file, O_RDONLY]), [expected], 'answer of open');
    },
    { needs: ['chown'] },
  );
}

group.add(
  'access-answers-for-the-caller',
  'access(2) answers EACCES to another user and success to root',
  async (context) => {
    const file = await makeFile(context, 'file');
    await chmod(file, 0o600);
    equal(
      await asNobody(context, ['access', file, 4], ['access', file, 0]),
      ['EACCES', 'ok'],
      'answers of access for R_OK and F_OK',
    );
    await access(file, 6);
  },
  { operations: ['access'] },
);

group.add(
  'execute-needs-an-execute-bit',
  'access(2) with X_OK fails with EACCES on a file without any execute bit, also for root',
  async (context) => {
    const file = await makeFile(context, 'file');
    await chmod(file, 0o666);
    await context.expectErrno('EACCES', () => access(file, 1));
    await chmod(file, 0o100);
    await access(file, 1);
  },
  { operations: ['access'] },
);

group.add(
  'directory-needs-read-to-be-listed',
  'opendir(3) of a directory that may be searched and not read fails with EACCES',
  async (context) => {
    await mkdir(context.path('a'));
    await makeFile(context, 'a/file', 'x');
    await chmod(context.path('a'), 0o711);
    const answers = await asNobody(
      context,
      ['readdir', context.path('a')],
      ['stat', context.path('a', 'file')],
    );
    equal(answers, ['EACCES', 'ok'], 'answers of readdir and of stat below');
  },
  { operations: ['readdir', 'stat'] },
);

group.add(
  'directory-needs-search-for-names-below',
  'stat(2) below a directory that may be read and not searched fails with EACCES',
  async (context) => {
    await mkdir(context.path('a'));
    await makeFile(context, 'a/file', 'x');
    await chmod(context.path('a'), 0o744);
    const answers = await asNobody(
      context,
      ['readdir', context.path('a')],
      ['stat', context.path('a', 'file')],
    );
    equal(answers, ['ok', 'EACCES'], 'answers of readdir and of stat below');
  },
  { operations: ['readdir', 'stat'] },
);

defineGroup(group);
