import { closeSync, readSync } from 'node:fs';
import { mkdir, open, readFile, truncate, writeFile } from 'node:fs/promises';
import { CaseList, SEEK, defineGroup, equal, ok, sameBytes } from '../../src/harness/api/index.js';
import { EDGES } from './shared/edges.js';
import { O_RDONLY, O_WRONLY, makeFile, makeOld, OLD_NS, stats, withFile } from './shared/files.js';

const group = new CaseList('posix', 'read', { operations: ['read'] });

group.add('whole-file', 'read(2) gives a whole file back as it was written', async (context) => {
  const content = context.bytes(1_000_003);
  sameBytes(await readFile(await makeFile(context, 'file', content)), content, 'content');
});

group.add('empty-file', 'read(2) of an empty file gives no bytes', async (context) => {
  equal((await readFile(await makeFile(context, 'file'))).length, 0, 'length');
});

group.add(
  'at-the-end-gives-nothing',
  'read(2) at and after the end of the file gives no bytes',
  async (context) => {
    await withFile(await makeFile(context, 'file', 'content'), 'r', async (handle) => {
      for (const position of [7, 8, 4096, 10_000_000]) {
        equal(
          (await handle.read(Buffer.alloc(10), 0, 10, position)).bytesRead,
          0,
          `bytes read at ${position}`,
        );
      }
    });
  },
);

group.add(
  'over-the-end-is-short',
  'read(2) over the end of the file gives what is there',
  async (context) => {
    await withFile(await makeFile(context, 'file', 'content'), 'r', async (handle) => {
      const buffer = Buffer.alloc(100);
      const { bytesRead } = await handle.read(buffer, 0, 100, 4);
      equal(buffer.toString('utf8', 0, bytesRead), 'ent', 'bytes read at 4');
    });
  },
);

group.add(
  'advances-the-offset',
  'read(2) without a position goes on where the last one ended',
  async (context) => {
    await withFile(await makeFile(context, 'file', 'abcdef'), 'r', async (handle) => {
      const buffer = Buffer.alloc(2);
      const seen: string[] = [];
      while ((await handle.read(buffer, 0, 2, null)).bytesRead > 0) seen.push(buffer.toString());
      equal(seen, ['ab', 'cd', 'ef'], 'pieces');
    });
  },
);

group.add(
  'pread-leaves-the-offset',
  'pread(2) does not move the offset of the descriptor',
  async (context) => {
    await withFile(await makeFile(context, 'file', 'abcdef'), 'r', async (handle) => {
      await handle.read(Buffer.alloc(2), 0, 2, 4);
      equal(context.sys.lseek(handle.fd, 0n, SEEK.current), 0n, 'offset after pread');
    });
  },
  { operations: ['read', 'lseek'] },
);

group.add(
  'dup-shares-the-offset',
  'a duplicated descriptor shares the offset with the first',
  async (context) => {
    await withFile(await makeFile(context, 'file', 'abcdef'), 'r', async (handle) => {
      const copy = context.sys.dup(handle.fd);
      try {
        const buffer = Buffer.alloc(3);
        await handle.read(buffer, 0, 3, null);
        readSync(copy, buffer, 0, 3, null);
        equal(buffer.toString(), 'def', 'bytes read by the second descriptor');
      } finally {
        closeSync(copy);
      }
    });
  },
  { operations: ['read', 'dup'] },
);

for (const [name, edge] of EDGES) {
  group.add(
    `across-the-${name}-edge`,
    `read(2) around the offset of ${name.replace('-', ' ')} gives the right bytes, one before and one after included`,
    async (context) => {
      const content = context.bytes(edge + 70_000);
      await withFile(await makeFile(context, 'file', content), 'r', async (handle) => {
        for (const [start, length] of [
          [edge - 1, 1],
          [edge, 1],
          [edge - 1, 2],
          [edge - 3, 65_000],
          [edge + 1, 4097],
        ] as const) {
          const buffer = Buffer.alloc(length);
          await handle.read(buffer, 0, length, start);
          sameBytes(buffer, content.subarray(start, start + length), `${length} bytes at ${start}`);
        }
      });
    },
    { timeoutMs: 60_000 },
  );
}

group.add('backwards', 'reading a file from its end to its start gives the right bytes', async (context) => {
  const content = context.bytes(600_000);
  const step = 37_501;
  await withFile(await makeFile(context, 'file', content), 'r', async (handle) => {
    for (let start = content.length - step; start > 0; start -= step) {
      const buffer = Buffer.alloc(step);
      await handle.read(buffer, 0, step, start);
      sameBytes(buffer, content.subarray(start, start + step), `bytes at ${start}`);
    }
  });
});

group.add(
  'random-offsets',
  'a hundred reads at random offsets and lengths give the right bytes',
  async (context) => {
    const content = context.bytes(3_000_000);
    await withFile(await makeFile(context, 'file', content), 'r', async (handle) => {
      for (let round = 0; round < 100; round += 1) {
        const start = Math.floor(context.random() * content.length);
        const length = 1 + Math.floor(context.random() * 100_000);
        const buffer = Buffer.alloc(length);
        const { bytesRead } = await handle.read(buffer, 0, length, start);
        sameBytes(
          buffer.subarray(0, bytesRead),
          content.subarray(start, start + length),
          `${length} bytes at ${start}`,
        );
      }
    });
  },
  { timeoutMs: 60_000 },
);

group.add('hole-reads-as-zeros', 'a hole reads as zeros', async (context) => {
  const file = await makeFile(context, 'file', 'head');
  await truncate(file, 300_000);
  const content = await readFile(file);
  equal(content.length, 300_000, 'length');
  sameBytes(content.subarray(4), Buffer.alloc(299_996), 'bytes of the hole');
});

group.add(
  'sees-a-shorter-file',
  'a descriptor reads no bytes where another one cut the file off',
  async (context) => {
    const file = await makeFile(context, 'file', context.bytes(200_000));
    await withFile(file, 'r', async (handle) => {
      await handle.read(Buffer.alloc(10), 0, 10, 150_000);
      await truncate(file, 100_000);
      equal((await handle.read(Buffer.alloc(10), 0, 10, 150_000)).bytesRead, 0, 'bytes read after the cut');
    });
  },
);

group.add(
  'sees-a-rewritten-file',
  'a file that was rewritten with the same length shows its new content',
  async (context) => {
    const file = await makeFile(context, 'file', 'first content');
    equal(await readFile(file, 'utf8'), 'first content', 'content before');
    await writeFile(file, 'other CONTENT');
    equal(await readFile(file, 'utf8'), 'other CONTENT', 'content after');
  },
);

group.add(
  'ebadf-on-a-write-only-descriptor',
  'read(2) on a descriptor that is open for writing only fails with EBADF',
  async (context) => {
    await withFile(await makeFile(context, 'file', 'x'), O_WRONLY, (handle) =>
      context.expectErrno('EBADF', () => handle.read(Buffer.alloc(1), 0, 1, 0)),
    );
  },
);

group.add('eisdir-on-a-directory', 'read(2) on a directory fails with EISDIR', async (context) => {
  await mkdir(context.path('a'));
  await withFile(context.path('a'), O_RDONLY, (handle) =>
    context.expectErrno('EISDIR', () => handle.read(Buffer.alloc(1), 0, 1, 0)),
  );
});

group.add('does-not-change-mtime', 'read(2) leaves mtime and ctime alone', async (context) => {
  const file = await makeFile(context, 'file', 'content');
  await makeOld(file);
  const before = await stats(file);
  await readFile(file);
  const after = await stats(file);
  equal([after.mtimeNs, after.ctimeNs], [OLD_NS, before.ctimeNs], 'mtime and ctime');
});

group.add(
  'lseek-from-the-end',
  'lseek(2) from the end, and behind the end, gives the new offset',
  async (context) => {
    await withFile(await makeFile(context, 'file', '0123456789'), 'r', async (handle) => {
      equal(context.sys.lseek(handle.fd, -3n, SEEK.end), 7n, 'offset from the end');
      const buffer = Buffer.alloc(3);
      await handle.read(buffer, 0, 3, null);
      equal(buffer.toString(), '789', 'bytes read there');
      equal(context.sys.lseek(handle.fd, 100n, SEEK.end), 110n, 'offset behind the end');
      await context.expectErrno('EINVAL', () => context.sys.lseek(handle.fd, -1n, SEEK.set));
    });
  },
  { operations: ['lseek'] },
);

group.add(
  'eight-readers-at-once',
  'eight descriptors that read at the same time each get the right bytes',
  async (context) => {
    const content = context.bytes(1_500_000);
    const file = await makeFile(context, 'file', content);
    const handles = await Promise.all(Array.from({ length: 8 }, () => open(file, 'r')));
    try {
      const contents = await Promise.all(handles.map((handle) => handle.readFile()));
      for (const seen of contents) sameBytes(seen, content, 'content');
      ok(contents.length === 8, 'all eight have read');
    } finally {
      await Promise.all(handles.map((handle) => handle.close()));
    }
  },
);

defineGroup(group);
