import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, closeSync, copyFileSync, openSync, renameSync, unlinkSync, writeFileSync } from 'node:fs';
import { CaseList, NOBODY, defineGroup, equal, type CaseContext } from '../../src/harness/api/index.js';
import { answerOf } from './shared/answers.js';
import { O_RDONLY, O_WRONLY } from './shared/files.js';

const group = new CaseList('posix', 'exec', { operations: ['exec'], tier: 'full' });

const SLEEP = '/bin/sleep';

function run(path: string, user: { readonly uid?: number; readonly gid?: number } = {}): string {
  const { error, status, stdout } = spawnSync(path, [], { encoding: 'utf8', cwd: '/', ...user });
  if (error !== undefined) return (error as NodeJS.ErrnoException).code ?? error.message; // as Node documents it
  return `${status ?? 'killed'} ${stdout}`;
}

function script(context: CaseContext, mode: number, text = '#!/bin/sh\nprintf done'): string {
  const path = context.path('program');
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

group.add('script', 'a script with execute permission is run, and after its rename too', (context) => {
  equal(run(script(context, 0o755)), '0 done', 'exit code and output');
  renameSync(context.path('program'), context.path('renamed'));
  equal(run(context.path('renamed')), '0 done', 'exit code and output after rename');
});

group.add(
  'permission',
  'running a program needs an execute bit, of root too, and search permission of its directory',
  (context) => {
    chmodSync(context.directory, 0o755);
    const rows = [
      [0o644, 'EACCES', 'EACCES'],
      [0o744, '0 done', 'EACCES'],
      [0o755, '0 done', '0 done'],
      // A script is read by its interpreter.
      [0o711, '0 done', '2 '],
    ] as const;
    for (const [mode, byRoot, byOther] of rows) {
      const path = script(context, mode);
      equal(run(path), byRoot, `root with ${mode.toString(8)}`);
      const other = run(path, { uid: NOBODY, gid: NOBODY });
      // The exit code of a shell that can not read its script is its own choice.
      equal(
        mode === 0o711 ? !other.endsWith('done') : other === byOther,
        true,
        `${other} of another user with ${mode.toString(8)}`,
      );
    }
    chmodSync(context.directory, 0o700);
    equal(run(context.path('program'), { uid: NOBODY, gid: NOBODY }), 'EACCES', 'in a closed directory');
  },
  { needs: ['root'] },
);

group.add(
  'refusals',
  'running a directory, a missing name, a name below a file and a missing interpreter fails',
  (context) => {
    equal(run(context.directory), 'EACCES', 'a directory');
    equal(run(context.path('missing')), 'ENOENT', 'a missing name');
    const path = script(context, 0o755, '#!/no/such/interpreter\n');
    equal(run(path), 'ENOENT', 'a missing interpreter');
    equal(run(`${path}/below`), 'ENOTDIR', 'below a file');
  },
);

group.add(
  'etxtbsy-open-for-writing',
  'running a program that is open for writing fails with ETXTBSY, and works once it is closed',
  (context) => {
    copyFileSync(SLEEP, context.path('program'));
    chmodSync(context.path('program'), 0o755);
    const fd = openSync(context.path('program'), 'r+');
    try {
      equal(run(context.path('program')), 'ETXTBSY', 'answer while it is open');
    } finally {
      closeSync(fd);
    }
    equal(run(context.path('program')).startsWith('1'), true, 'sleep without a time fails by itself');
  },
);

group.add(
  'etxtbsy-while-it-runs',
  'a program that runs can be read, renamed and unlinked, and goes on; opening it for writing fails with ETXTBSY',
  async (context) => {
    const path = context.path('program');
    copyFileSync(SLEEP, path);
    chmodSync(path, 0o755);
    const child = spawn(path, ['1000'], { stdio: 'ignore', signal: context.signal });
    const ended = once(child, 'exit').catch(() => undefined);
    try {
      await once(child, 'spawn');
      const open = (flags: number) =>
        answerOf(() => {
          closeSync(openSync(path, flags));
        });
      equal([open(O_WRONLY), open(O_RDONLY)], ['ETXTBSY', 'ok'], 'open for writing, for reading');
      renameSync(path, context.path('renamed'));
      unlinkSync(context.path('renamed'));
      equal([child.exitCode, child.signalCode], [null, null], 'it runs');
    } finally {
      child.kill('SIGKILL');
      await ended;
    }
  },
);

defineGroup(group);
