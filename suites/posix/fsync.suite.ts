import { closeSync } from 'node:fs';
import { mkdir, readFile, stat } from 'node:fs/promises';
import { CaseList, defineGroup, equal, ok, sameBytes } from '../../src/harness/api/index.js';
import { O_DIRECTORY, O_RDONLY, makeFile, stats, withFile } from './shared/files.js';

const group = new CaseList('posix', 'fsync', { operations: ['fsync'] });

group.add('after-write', 'fsync(2) after write succeeds, and the content is there', async (context) => {
  const content = context.bytes(300_000);
  await withFile(context.path('file'), 'w', async (handle) => {
    await handle.write(content);
    await handle.sync();
    sameBytes(await readFile(context.path('file')), content, 'content after fsync');
  });
});

group.add(
  'data-only',
  'fdatasync(2) after write succeeds, and the size is right',
  async (context) => {
    await withFile(context.path('file'), 'w', async (handle) => {
      await handle.write(context.bytes(10_000));
      await handle.datasync();
      equal((await stats(context.path('file'))).size, 10_000n, 'size');
    });
  },
  { operations: ['fdatasync'] },
);

group.add(
  'without-a-change',
  'fsync(2) on a descriptor for reading succeeds and changes nothing',
  async (context) => {
    const file = await makeFile(context, 'file', 'content');
    const before = await stats(file);
    await withFile(file, 'r', (handle) => handle.sync());
    equal((await stats(file)).mtimeNs, before.mtimeNs, 'mtime');
  },
);

group.add('empty-file', 'fsync(2) on a new empty file succeeds', async (context) => {
  await withFile(context.path('file'), 'w', (handle) => handle.sync());
  equal((await stats(context.path('file'))).size, 0n, 'size');
});

group.add(
  'directory',
  'fsync(2) on a directory succeeds',
  async (context) => {
    await mkdir(context.path('a'));
    await withFile(context.path('a'), O_RDONLY | O_DIRECTORY, (handle) => handle.sync());
  },
  { operations: ['fsyncdir'] },
);

group.add('writes-go-on-after-it', 'writes after fsync(2) are in the file as well', async (context) => {
  await withFile(context.path('file'), 'w', async (handle) => {
    for (const piece of ['one ', 'two ', 'three']) {
      await handle.write(piece);
      await handle.sync();
    }
  });
  equal(await readFile(context.path('file'), 'utf8'), 'one two three', 'content');
});

group.add('ten-at-once', 'ten calls of fsync(2) at the same time all succeed', async (context) => {
  await withFile(context.path('file'), 'w', async (handle) => {
    await handle.write(context.bytes(50_000));
    const results = await Promise.allSettled(Array.from({ length: 10 }, () => handle.sync()));
    equal(
      results.map(({ status }) => status),
      Array.from({ length: 10 }, () => 'fulfilled'),
      'results',
    );
  });
});

group.add(
  'close-makes-content-visible',
  'after close(2) the content is there for whoever opens the file next',
  async (context) => {
    const content = context.bytes(123_456);
    await withFile(context.path('file'), 'w', (handle) => handle.write(content));
    sameBytes(await readFile(context.path('file')), content, 'content');
  },
  { operations: ['close'] },
);

group.add(
  'close-of-a-duplicate-keeps-the-file-open',
  'a descriptor can be written on after its duplicate was closed',
  async (context) => {
    await withFile(context.path('file'), 'w', async (handle) => {
      await handle.write('one ');
      closeSync(context.sys.dup(handle.fd));
      equal(await readFile(context.path('file'), 'utf8'), 'one ', 'content after the duplicate was closed');
      await handle.write('two');
    });
    equal(await readFile(context.path('file'), 'utf8'), 'one two', 'content after both were closed');
  },
  { operations: ['close', 'dup'] },
);

group.add(
  'close-in-any-order',
  'descriptors of one file can be closed in any order without loss',
  async (context) => {
    const file = await makeFile(context, 'file');
    await withFile(file, 'r+', async (second) => {
      await withFile(file, 'r+', async (first) => {
        await withFile(file, 'r', async () => {
          await first.write('1', 0);
          await second.write('2', 1);
        });
      });
      await second.write('3', 2);
    });
    equal(await readFile(file, 'utf8'), '123', 'content');
  },
  { operations: ['close'] },
);

group.add(
  'new-file-is-there-before-fsync',
  'a new file exists for stat(2) between create and fsync(2)',
  async (context) => {
    await withFile(context.path('file'), 'w', async (handle) => {
      ok((await stat(context.path('file'))).isFile(), 'it is a file');
      await handle.sync();
    });
  },
);

defineGroup(group);
