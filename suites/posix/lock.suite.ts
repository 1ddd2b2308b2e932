import { CaseList, LOCK, defineGroup } from '../../src/harness/api/index.js';
import { makeFile, withFile } from './shared/files.js';

const group = new CaseList('posix', 'lock', { operations: ['flock'], needs: ['lock'] });

group.add(
  'exclusive-keeps-others-out',
  'flock(2) with an exclusive lock makes another descriptor fail with EAGAIN until it is given back',
  async (context) => {
    const file = await makeFile(context, 'file');
    await withFile(file, 'r+', async (first) => {
      await withFile(file, 'r+', async (second) => {
        context.sys.flock(first.fd, LOCK.exclusive);
        await context.expectErrno('EAGAIN', () => {
          context.sys.flock(second.fd, LOCK.exclusive | LOCK.nonBlocking);
        });
        context.sys.flock(first.fd, LOCK.unlock);
        context.sys.flock(second.fd, LOCK.exclusive | LOCK.nonBlocking);
      });
    });
  },
);

group.add(
  'shared-locks-live-together',
  'flock(2) gives shared locks to two descriptors and then no exclusive one',
  async (context) => {
    const file = await makeFile(context, 'file');
    await withFile(file, 'r', async (first) => {
      await withFile(file, 'r', async (second) => {
        context.sys.flock(first.fd, LOCK.shared);
        context.sys.flock(second.fd, LOCK.shared | LOCK.nonBlocking);
        await context.expectErrno('EAGAIN', () => {
          context.sys.flock(second.fd, LOCK.exclusive | LOCK.nonBlocking);
        });
      });
    });
  },
);

group.add('close-gives-the-lock-back', 'close(2) gives the lock of a descriptor back', async (context) => {
  const file = await makeFile(context, 'file');
  await withFile(file, 'r+', (handle) => {
    context.sys.flock(handle.fd, LOCK.exclusive);
    return Promise.resolve();
  });
  await withFile(file, 'r+', (handle) => {
    context.sys.flock(handle.fd, LOCK.exclusive | LOCK.nonBlocking);
    return Promise.resolve();
  });
});

defineGroup(group);
