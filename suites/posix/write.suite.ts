import { readFile, truncate, writeFile } from 'node:fs/promises';
import { CaseList, defineGroup, equal, ok, sameBytes } from '../../src/harness/api/index.js';
import { EDGES } from './shared/edges.js';
import { O_RDONLY, O_RDWR, clockPast, makeFile, makeOld, OLD_NS, stats, withFile } from './shared/files.js';

const group = new CaseList('posix', 'write', { operations: ['write'] });

for (const lengthBytes of [1, 4095, 4096, 4097, 131_072, 1_048_577, 5_242_880]) {
  group.add(
    `new-file-of-${lengthBytes}-bytes`,
    `a new file of ${lengthBytes} bytes has that size and content`,
    async (context) => {
      const content = context.bytes(lengthBytes);
      const file = await makeFile(context, 'file', content);
      equal((await stats(file)).size, BigInt(lengthBytes), 'size');
      sameBytes(await readFile(file), content, 'content');
    },
  );
}

group.add('in-the-middle', 'write(2) in the middle changes just those bytes', async (context) => {
  const content = context.bytes(300_000);
  const file = await makeFile(context, 'file', content);
  await withFile(file, O_RDWR, (handle) => handle.write(Buffer.from('HERE'), 0, 4, 150_000));
  content.write('HERE', 150_000);
  sameBytes(await readFile(file), content, 'content');
});

group.add(
  'first-and-last-byte',
  'write(2) of the first and the last byte leaves the others alone',
  async (context) => {
    const content = context.bytes(200_000);
    const file = await makeFile(context, 'file', content);
    await withFile(file, O_RDWR, async (handle) => {
      await handle.write(Buffer.of(1), 0, 1, 0);
      await handle.write(Buffer.of(2), 0, 1, 199_999);
    });
    content[0] = 1;
    content[199_999] = 2;
    sameBytes(await readFile(file), content, 'content');
  },
);

group.add(
  'past-the-end-leaves-a-hole',
  'write(2) past the end grows the file, and the gap reads as zeros',
  async (context) => {
    const file = await makeFile(context, 'file', 'head');
    await withFile(file, O_RDWR, (handle) => handle.write('tail', 100_000));
    const expected = Buffer.concat([Buffer.from('head'), Buffer.alloc(99_996), Buffer.from('tail')]);
    sameBytes(await readFile(file), expected, 'content');
  },
);

group.add(
  'only-past-the-end-of-a-new-file',
  'a new file that is written only at 1 MiB starts with zeros',
  async (context) => {
    await withFile(context.path('file'), 'w', (handle) => handle.write('x', 1_048_576));
    const content = await readFile(context.path('file'));
    equal(content.length, 1_048_577, 'length');
    sameBytes(content.subarray(0, 1_048_576), Buffer.alloc(1_048_576), 'bytes of the hole');
  },
);

for (const [name, edge] of EDGES) {
  group.add(
    `across-the-${name}-edge`,
    `write(2) across the offset of ${name.replace('-', ' ')} changes just those bytes`,
    async (context) => {
      const content = context.bytes(edge + 10_000);
      const file = await makeFile(context, 'file', content);
      const patch = context.bytes(5_000, 1);
      await withFile(file, O_RDWR, async (handle) => {
        await handle.write(patch, 0, 5_000, edge - 2_500);
        await handle.write(patch, 0, 1, edge - 3_000);
        await handle.write(patch, 0, 1, edge + 3_000);
      });
      patch.copy(content, edge - 2_500);
      patch.copy(content, edge - 3_000, 0, 1);
      patch.copy(content, edge + 3_000, 0, 1);
      sameBytes(await readFile(file), content, 'content');
    },
    { timeoutMs: 60_000 },
  );
}

group.add(
  'small-pieces-in-order',
  'a thousand small writes in order make up the whole content',
  async (context) => {
    const content = context.bytes(97_000);
    await withFile(context.path('file'), 'w', async (handle) => {
      for (let start = 0; start < content.length; start += 97) await handle.write(content, start, 97);
    });
    sameBytes(await readFile(context.path('file')), content, 'content');
  },
  { timeoutMs: 60_000 },
);

group.add(
  'pieces-in-reverse-order',
  'pieces that are written from the end to the start make up the whole content',
  async (context) => {
    const content = context.bytes(500_000);
    await withFile(context.path('file'), 'w', async (handle) => {
      for (let start = 490_000; start >= 0; start -= 10_000)
        await handle.write(content, start, 10_000, start);
    });
    sameBytes(await readFile(context.path('file')), content, 'content');
  },
);

group.add('overlapping', 'of overlapping writes the later one counts', async (context) => {
  await withFile(context.path('file'), 'w', async (handle) => {
    await handle.write('aaaaaaaaaa', 0);
    await handle.write('bbbb', 3);
    await handle.write('cc', 5);
  });
  equal(await readFile(context.path('file'), 'utf8'), 'aaabbccaaa', 'content');
});

group.add(
  'random-offsets',
  'a hundred and fifty writes at random offsets give what a model of the file gives',
  async (context) => {
    let model = context.bytes(400_000);
    const file = await makeFile(context, 'file', model);
    await withFile(file, O_RDWR, async (handle) => {
      for (let round = 0; round < 150; round += 1) {
        const start = Math.floor(context.random() * 500_000);
        const patch = context.bytes(1 + Math.floor(context.random() * 20_000), round + 1);
        await handle.write(patch, 0, patch.length, start);
        if (start + patch.length > model.length) {
          model = Buffer.concat([model, Buffer.alloc(start + patch.length - model.length)]);
        }
        patch.copy(model, start);
      }
      sameBytes(await handle.readFile(), model, 'content by the descriptor');
    });
    sameBytes(await readFile(file), model, 'content by name');
  },
  { timeoutMs: 60_000 },
);

group.add(
  'read-back-before-close',
  'what was written is read back by the same descriptor before close',
  async (context) => {
    await withFile(context.path('file'), 'wx+', async (handle) => {
      await handle.write('content');
      const buffer = Buffer.alloc(7);
      await handle.read(buffer, 0, 7, 0);
      equal(buffer.toString(), 'content', 'bytes read back');
    });
  },
);

group.add('vectors', 'writev(2) writes its pieces one after the other', async (context) => {
  await withFile(context.path('file'), 'w', (handle) =>
    handle.writev([Buffer.from('one '), Buffer.from(''), Buffer.from('two '), Buffer.from('three')]),
  );
  equal(await readFile(context.path('file'), 'utf8'), 'one two three', 'content');
});

group.add(
  'no-bytes-change-nothing',
  'write(2) of no bytes changes neither size nor mtime',
  async (context) => {
    const file = await makeFile(context, 'file', 'content');
    await makeOld(file);
    await withFile(file, O_RDWR, (handle) => handle.write(Buffer.alloc(0), 0, 0, 100));
    const status = await stats(file);
    equal([status.size, status.mtimeNs], [7n, OLD_NS], 'size and mtime');
  },
);

group.add('updates-mtime-and-ctime', 'write(2) updates mtime and ctime', async (context) => {
  const file = await makeFile(context, 'file', 'content');
  await makeOld(file);
  const before = await stats(file);
  await clockPast(context, before.ctimeNs);
  await withFile(file, O_RDWR, (handle) => handle.write('X', 0));
  const after = await stats(file);
  ok(after.mtimeNs > OLD_NS, 'mtime is newer than before');
  ok(after.ctimeNs > before.ctimeNs, 'ctime is newer than before');
});

group.add(
  'ebadf-on-a-read-only-descriptor',
  'write(2) on a descriptor that is open for reading only fails with EBADF',
  async (context) => {
    await withFile(await makeFile(context, 'file', 'kept'), O_RDONLY, (handle) =>
      context.expectErrno('EBADF', () => handle.write('x')),
    );
  },
);

group.add(
  'two-writers-of-two-halves',
  'two descriptors that write one half each make up the whole file',
  async (context) => {
    const content = context.bytes(400_000);
    const file = await makeFile(context, 'file');
    await withFile(file, O_RDWR, async (first) => {
      await withFile(file, O_RDWR, async (second) => {
        await Promise.all([
          first.write(content, 0, 200_000, 0),
          second.write(content, 200_000, 200_000, 200_000),
        ]);
      });
    });
    sameBytes(await readFile(file), content, 'content');
  },
);

group.add(
  'shorter-rewrite',
  'a file that is rewritten with less content has only the new content',
  async (context) => {
    const file = await makeFile(context, 'file', context.bytes(300_000));
    await writeFile(file, 'short');
    equal(await readFile(file, 'utf8'), 'short', 'content');
  },
);

group.add(
  'after-truncate-by-another',
  'a write at the old end after a truncation leaves zeros between',
  async (context) => {
    const file = await makeFile(context, 'file', 'x'.repeat(1000));
    await withFile(file, O_RDWR, async (handle) => {
      await truncate(file, 10);
      await handle.write('end', 1000);
    });
    const content = await readFile(file);
    sameBytes(
      content,
      Buffer.concat([Buffer.from('x'.repeat(10)), Buffer.alloc(990), Buffer.from('end')]),
      'content',
    );
  },
);

defineGroup(group);
