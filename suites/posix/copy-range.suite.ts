import { readFile } from 'node:fs/promises';
import { CaseList, defineGroup, equal, sameBytes } from '../../src/harness/api/index.js';
import { O_CREAT, O_RDONLY, O_RDWR, makeFile, withFile } from './shared/files.js';

const group = new CaseList('posix', 'copy-range', { operations: ['copy_file_range'] });

group.add(
  'in-the-middle',
  'copy_file_range(2) copies the asked bytes of the source to the asked place of the target',
  async (context) => {
    const content = context.bytes(300_000);
    const source = await makeFile(context, 'source', content);
    const target = context.path('target');
    await withFile(source, O_RDONLY, (from) =>
      withFile(target, O_RDWR | O_CREAT, (to) => {
        for (let done = 0; done < 100_000;) {
          const at = BigInt(150_000 + done);
          const copied = context.sys.copyFileRange(from.fd, at, to.fd, BigInt(7 + done), 100_000 - done);
          if (copied === 0) break;
          done += copied;
        }
        return Promise.resolve();
      }),
    );
    const expected = Buffer.concat([Buffer.alloc(7), content.subarray(150_000, 250_000)]);
    sameBytes(await readFile(target), expected, 'content of the target');
  },
);

group.add(
  'behind-the-end',
  'copy_file_range(2) behind the end of the source copies nothing',
  async (context) => {
    const source = await makeFile(context, 'source', context.bytes(1000));
    await withFile(source, O_RDONLY, (from) =>
      withFile(context.path('target'), O_RDWR | O_CREAT, (to) => {
        equal(context.sys.copyFileRange(from.fd, 1000n, to.fd, 0n, 10), 0, 'bytes copied');
        return Promise.resolve();
      }),
    );
  },
);

defineGroup(group);
