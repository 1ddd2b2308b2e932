import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { CaseList, defineGroup, ok, type CaseContext } from '../../src/harness/api/index.js';
import { O_CREAT, O_WRONLY, makeFile, withFile } from './shared/files.js';

const group = new CaseList('posix', 'signal', { operations: [] });

/** A regular file's calls are never interrupted (signal(7)): programs do not look for EINTR there. */
const ROUNDS = 20;
const SIGCHLD_BIT = 1n << 16n;
/** Sends SIGCHLD as fast as a shell can. Node catches it for as long as it has a child: this one. */
const SENDER = 'echo begin; while kill -CHLD "$0"; do :; done';

/** Runs `work` while signals that are caught rain on this process. */
async function underSignals(context: CaseContext, work: () => unknown): Promise<void> {
  const sender = spawn('sh', ['-c', SENDER, String(process.pid)], {
    stdio: ['ignore', 'pipe', 'ignore'],
    signal: context.signal,
    killSignal: 'SIGKILL',
  });
  const exited = once(sender, 'exit').catch(() => undefined);
  try {
    await once(sender.stdout, 'data');
    ok(await catchesChild(), 'SIGCHLD is caught here');
    await work();
    ok(sender.exitCode === null, 'the signals went on');
  } finally {
    sender.kill('SIGKILL');
    await exited;
  }
}

async function catchesChild(): Promise<boolean> {
  const caught = /^SigCgt:\s*([0-9a-f]+)$/m.exec(await readFile('/proc/self/status', 'latin1'))?.[1];
  return (BigInt(`0x${caught ?? '0'}`) & SIGCHLD_BIT) !== 0n;
}

// Node repeats its own calls after EINTR; these are made as they are.
group.add(
  'make-and-exchange-names',
  'mknod(2) and renameat2(2) are not interrupted by signals that are caught',
  async (context) => {
    await underSignals(context, () => {
      for (let round = 0; round < ROUNDS; round += 1) {
        const path = context.path(`file-${round}`);
        context.sys.mknod(path, 0o100644, 0);
        context.sys.renameat2(path, `${path}-moved`, 0);
      }
    });
  },
  { operations: ['mknod', 'rename'], needs: ['mknod'] },
);

group.add(
  'set-times-and-attributes',
  'utimensat(2) and setxattr(2) are not interrupted by signals that are caught',
  async (context) => {
    const file = await makeFile(context, 'file', 'x');
    await underSignals(context, () => {
      for (let round = 0; round < ROUNDS; round += 1) {
        context.sys.utimensat(file, 'omit', { ns: BigInt(round) });
        context.sys.setxattr(file, 'user.round', Buffer.from(String(round)));
        context.sys.getxattr(file, 'user.round');
      }
    });
  },
  { operations: ['utimens', 'setxattr'], needs: ['xattr'] },
);

group.add(
  'write-and-sync',
  'fsync(2) and close(2) are not interrupted by signals that are caught',
  async (context) => {
    await underSignals(context, async () => {
      for (let round = 0; round < ROUNDS; round += 1) {
        await withFile(context.path('file'), O_WRONLY | O_CREAT, async (handle) => {
          await handle.write(`round ${round}`);
          await handle.sync();
        });
      }
    });
  },
  { operations: ['write', 'fsync', 'close'] },
);

defineGroup(group);
