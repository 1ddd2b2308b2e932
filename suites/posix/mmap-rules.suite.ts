import { ftruncateSync, readFileSync, unlinkSync, writeFileSync, writeSync } from 'node:fs';
import {
  CaseList,
  MAP,
  defineGroup,
  equal,
  sameBytes,
  type CaseContext,
} from '../../src/harness/api/index.js';
import { expectAnswers, withRaw } from './shared/answers.js';
import { O_DIRECTORY, O_RDONLY, O_RDWR, O_WRONLY, makeFile } from './shared/files.js';

const group = new CaseList('posix', 'mmap-rules', { operations: ['mmap'], needs: ['mmap'], tier: 'full' });

/** A multiple of every page size of Linux. */
const PAGE = 65_536;

/** A mapping of a file's first bytes; what the case does with it must stay within the file's last page. */
class Mapping {
  readonly #context: CaseContext;
  readonly #start: bigint;
  readonly #length: number;

  constructor(context: CaseContext, fd: number, length: number, protection: number, flags: number) {
    this.#context = context;
    this.#length = length;
    this.#start = context.sys.call('mmap', null, length, protection, flags, fd, 0);
  }

  read(at: number, length: number): Buffer {
    const bytes = Buffer.alloc(length);
    this.#context.sys.call('memory_read', bytes, this.#start + BigInt(at), length);
    return bytes;
  }

  write(at: number, bytes: Buffer): void {
    this.#context.sys.call('memory_write', this.#start + BigInt(at), bytes, bytes.length);
  }

  sync(): void {
    this.#context.sys.call('msync', this.#start, this.#length, MAP.sync);
  }

  end(): void {
    this.#context.sys.call('munmap', this.#start, this.#length);
  }
}

function withMapping(
  context: CaseContext,
  fd: number,
  wish: readonly [length: number, protection: number, flags: number],
  body: (mapping: Mapping) => void,
): void {
  const mapping = new Mapping(context, fd, ...wish);
  try {
    body(mapping);
  } finally {
    mapping.end();
  }
}

group.add(
  'private-stays-private',
  'what is written through a private mapping of a reader shows there and never in the file',
  async (context) => {
    const content = context.bytes(2 * PAGE);
    const file = await makeFile(context, 'file', content);
    withRaw(context, file, O_RDONLY, (fd) => {
      withMapping(context, fd, [2 * PAGE, MAP.read | MAP.write, MAP.private], (mapping) => {
        sameBytes(mapping.read(0, 2 * PAGE), content, 'what the mapping shows at first');
        mapping.write(PAGE - 5, Buffer.from('0123456789'));
        mapping.sync();
        equal(mapping.read(PAGE - 5, 10).toString(), '0123456789', 'what the mapping shows');
        sameBytes(readFileSync(file), content, 'content while it is mapped');
      });
    });
    sameBytes(readFileSync(file), content, 'content');
  },
);

group.add(
  'zeros-behind-the-end',
  'the rest of the last page of a mapping is zeros, and what is written there is not kept',
  async (context) => {
    const file = await makeFile(context, 'file', context.bytes(1000));
    withRaw(context, file, O_RDWR, (fd) => {
      withMapping(context, fd, [4096, MAP.read | MAP.write, MAP.shared], (mapping) => {
        sameBytes(mapping.read(1000, 3096), Buffer.alloc(3096), 'behind the end');
        mapping.write(1000, Buffer.from('not kept'));
        mapping.sync();
      });
    });
    sameBytes(readFileSync(file), context.bytes(1000), 'content');
  },
);

group.add(
  'both-ways',
  'a shared mapping shows what write(2) writes, and read(2) what the mapping writes, at once',
  async (context) => {
    const content = context.bytes(PAGE);
    const file = await makeFile(context, 'file', content);
    withRaw(context, file, O_RDWR, (fd) => {
      withMapping(context, fd, [PAGE, MAP.read | MAP.write, MAP.shared], (mapping) => {
        sameBytes(mapping.read(0, PAGE), content, 'what the mapping shows at first');
        writeSync(fd, 'by write', 5000);
        equal(mapping.read(5000, 8).toString(), 'by write', 'what the mapping shows');
        mapping.write(9000, Buffer.from('by mapping'));
        equal(readFileSync(file).toString('utf8', 9000, 9010), 'by mapping', 'what read(2) shows');
      });
    });
    content.write('by write', 5000);
    content.write('by mapping', 9000);
    sameBytes(readFileSync(file), content, 'content');
  },
);

group.add('grown-under-it', 'a mapping shows what the file got behind its old end', async (context) => {
  const file = await makeFile(context, 'file', 'short');
  withRaw(context, file, O_RDWR, (fd) => {
    withMapping(context, fd, [2 * PAGE, MAP.read, MAP.shared], (mapping) => {
      equal(mapping.read(0, 5).toString(), 'short', 'at first');
      ftruncateSync(fd, 2 * PAGE);
      writeSync(fd, 'grown', PAGE + 100);
      equal(mapping.read(PAGE + 100, 5).toString(), 'grown', 'in the new part');
      sameBytes(mapping.read(5, 4000), Buffer.alloc(4000), 'between');
    });
  });
});

for (const unlinks of [false, true]) {
  group.add(
    `outlives-${unlinks ? 'name-and-descriptor' : 'its-descriptor'}`,
    `a mapping stays when its descriptor is closed${unlinks ? ' and the file unlinked' : ', and what is written then is in the file'}`,
    async (context) => {
      const file = await makeFile(context, 'file', context.bytes(PAGE));
      const mapping = withRaw(
        context,
        file,
        O_RDWR,
        (fd) => new Mapping(context, fd, PAGE, MAP.read | MAP.write, MAP.shared),
      );
      try {
        if (unlinks) unlinkSync(file);
        mapping.write(10, Buffer.from('after close'));
        mapping.sync();
        equal(mapping.read(10, 11).toString(), 'after close', 'what the mapping shows');
      } finally {
        mapping.end();
      }
      const expected = context.bytes(PAGE);
      expected.write('after close', 10);
      if (!unlinks) sameBytes(readFileSync(file), expected, 'content');
    },
  );
}

group.add(
  'refusals',
  'mmap(2) refuses what the descriptor is not open for, directories, no length and odd offsets',
  async (context) => {
    const { sys } = context;
    const file = await makeFile(context, 'file', 'content');
    writeFileSync(context.path('empty'), '');
    const map =
      (fd: number, protection: number, flags: number, length = 4096, at = 0) =>
      () =>
        sys.call('mmap', null, length, protection, flags, fd, at);
    withRaw(context, file, O_RDONLY, (fd) => {
      expectAnswers([
        ['shared for writing by a reader', 'EACCES', map(fd, MAP.write, MAP.shared)],
        ['no length', 'EINVAL', map(fd, MAP.read, MAP.shared, 0)],
        ['an offset within a page', 'EINVAL', map(fd, MAP.read, MAP.shared, 4096, 100)],
        ['neither shared nor private', 'EINVAL', map(fd, MAP.read, 0)],
      ]);
    });
    withRaw(context, file, O_WRONLY, (fd) => {
      expectAnswers([
        ['shared by a writer', 'EACCES', map(fd, MAP.write, MAP.shared)],
        ['private by a writer', 'EACCES', map(fd, MAP.read, MAP.private)],
      ]);
    });
    withRaw(context, context.directory, O_RDONLY | O_DIRECTORY, (fd) => {
      expectAnswers([['a directory', 'ENODEV', map(fd, MAP.read, MAP.shared)]]);
    });
    expectAnswers([['no descriptor', 'EBADF', map(999_999, MAP.read, MAP.shared)]]);
    equal(readFileSync(file, 'utf8'), 'content', 'content');
  },
);

defineGroup(group);
