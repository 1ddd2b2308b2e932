import { execFile } from 'node:child_process';
import { mkdir, open, readFile, readdir, rename, stat, unlink, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { CaseList, codeOf, defineGroup, equal, ok, sameBytes } from '../../src/harness/api/index.js';
import { workers } from './shared/workers.js';

const group = new CaseList('stress', 'parallel', {
  operations: ['create', 'write', 'read', 'rename', 'unlink', 'readdir'],
  timeoutMs: 60_000,
});

group.add(
  'writers-and-readers',
  'eight workers that write, read back and rewrite files of their own see just their own content',
  async (context) => {
    await workers(context, 8, async (worker) => {
      for (let round = 0; round < 6; round += 1) {
        context.signal.throwIfAborted();
        const content = context.bytes(
          1 + ((worker * 7919 + round * 104_729) % 400_000),
          worker * 100 + round,
        );
        const path = context.path(`worker-${worker}-${round % 2}`);
        await writeFile(path, content);
        sameBytes(await readFile(path), content, `content of worker ${worker} in round ${round}`);
      }
    });
    equal((await readdir(context.directory)).length, 16, 'count of files');
  },
);

group.add(
  'five-hundred-small-files',
  'five hundred small files are written at once, listed, and each has its content',
  async (context) => {
    const names = Array.from({ length: 500 }, (_, index) => `small-${index}`);
    await workers(context, 10, async (worker) => {
      for (let index = worker; index < names.length; index += 10) {
        context.signal.throwIfAborted();
        await writeFile(context.path(`small-${index}`), `content of ${index}`);
      }
    });
    equal((await readdir(context.directory)).toSorted(), names.toSorted(), 'names');
    await workers(context, 10, async (worker) => {
      for (let index = worker; index < names.length; index += 10) {
        equal(
          await readFile(context.path(`small-${index}`), 'utf8'),
          `content of ${index}`,
          `content of small-${index}`,
        );
      }
    });
  },
  { timeoutMs: 120_000, tier: 'full' },
);

group.add(
  'one-file-by-many-writers',
  'writers of different blocks of one file leave each block whole',
  async (context) => {
    const block = 40_000;
    const content = context.bytes(block * 16);
    await writeFile(context.path('shared'), Buffer.alloc(content.length));
    await workers(context, 8, async (worker) => {
      const handle = await open(context.path('shared'), 'r+');
      try {
        for (let index = worker; index < 16; index += 8) {
          await handle.write(content, index * block, block, index * block);
        }
      } finally {
        await handle.close();
      }
    });
    sameBytes(await readFile(context.path('shared')), content, 'content');
  },
);

group.add(
  'readers-of-a-growing-file',
  'readers of a file that grows see a prefix of its content, never anything else',
  async (context) => {
    const content = context.bytes(600_000);
    const path = context.path('log');
    await writeFile(path, '');
    let isDone = false;
    const write = async (): Promise<void> => {
      const handle = await open(path, 'a');
      try {
        for (let start = 0; start < content.length; start += 20_000) {
          await handle.write(content, start, 20_000);
          context.signal.throwIfAborted();
        }
      } finally {
        isDone = true;
        await handle.close();
      }
    };
    const read = async (): Promise<void> => {
      while (!isDone) {
        const seen = await readFile(path);
        sameBytes(seen, content.subarray(0, seen.length), 'prefix that a reader saw');
      }
    };
    await Promise.all([write(), read(), read(), read()]);
    sameBytes(await readFile(path), content, 'content');
  },
);

group.add(
  'appenders',
  'lines that six workers append to one file with O_APPEND are all there and whole',
  async (context) => {
    const path = context.path('log');
    await writeFile(path, '');
    await workers(context, 6, async (worker) => {
      const handle = await open(path, 'a');
      try {
        for (let line = 0; line < 30; line += 1)
          await handle.write(`worker ${worker} line ${String(line).padStart(3, '0')}\n`);
      } finally {
        await handle.close();
      }
    });
    const lines = (await readFile(path, 'utf8')).split('\n').slice(0, -1);
    const expected = Array.from(
      { length: 180 },
      (_, index) => `worker ${Math.floor(index / 30)} line ${String(index % 30).padStart(3, '0')}`,
    );
    equal(lines.toSorted(), expected.toSorted(), 'lines');
  },
);

/** Appends lines in one write each: arguments are the file, the writer's number and the count of lines. */
const APPEND_SCRIPT = `
const fs = require('fs');
const [path, writer, lines] = process.argv.slice(1);
const fd = fs.openSync(path, 'a');
for (let line = 0; line < Number(lines); line += 1) {
  fs.writeSync(fd, 'process ' + writer + ' line ' + String(line).padStart(3, '0') + '\\n');
}
fs.closeSync(fd);
`;

group.add(
  'appending-processes',
  'lines that five processes append to one file with O_APPEND are all there, whole, and in order for each process',
  async (context) => {
    const path = context.path('log');
    await writeFile(path, '');
    await workers(context, 5, async (worker) => {
      const argv = ['-e', APPEND_SCRIPT, path, String(worker), '40'];
      await promisify(execFile)(process.execPath, argv, { signal: context.signal });
    });
    const lines = (await readFile(path, 'utf8')).split('\n').slice(0, -1);
    for (let worker = 0; worker < 5; worker += 1) {
      const mine = lines.filter((line) => line.startsWith(`process ${worker} `));
      const numbers = mine.map((line) => Number(/line (\d{3})$/.exec(line)?.[1]));
      equal(numbers, [...Array(40).keys()], `lines of process ${worker}`);
    }
    equal(lines.length, 200, 'count of lines');
  },
);

group.add(
  'renamers-and-listers',
  'while files are renamed back and forth no listing has a name twice and no file is lost',
  async (context) => {
    const count = 12;
    for (let index = 0; index < count; index += 1)
      await writeFile(context.path(`file-${index}-a`), String(index));
    let renaming = 4;
    const renamer = async (worker: number): Promise<void> => {
      try {
        for (let round = 0; round < 5; round += 1) {
          for (let index = worker; index < count; index += 4) {
            const [from, to] = round % 2 === 0 ? ['a', 'b'] : ['b', 'a'];
            await rename(context.path(`file-${index}-${from}`), context.path(`file-${index}-${to}`));
          }
        }
      } finally {
        renaming -= 1;
      }
    };
    const lister = async (): Promise<void> => {
      while (renaming > 0) {
        const names = await readdir(context.directory);
        ok(names.length <= 2 * count, 'no listing has more names than there are');
        ok(new Set(names).size === names.length, 'no name comes twice in a listing');
      }
    };
    await Promise.all([renamer(0), renamer(1), renamer(2), renamer(3), lister(), lister()]);
    const names = (await readdir(context.directory)).toSorted();
    equal(
      names,
      Array.from({ length: count }, (_, index) => `file-${index}-b`).toSorted(),
      'names at the end',
    );
    for (let index = 0; index < count; index += 1) {
      equal(
        await readFile(context.path(`file-${index}-b`), 'utf8'),
        String(index),
        `content of file ${index}`,
      );
    }
  },
);

group.add(
  'safe-saves-of-one-name',
  'a name that is replaced by renames all the time is always a whole version',
  async (context) => {
    const path = context.path('document');
    const version = (round: number): Buffer => Buffer.alloc(50_000, round);
    await writeFile(path, version(0));
    let isDone = false;
    const save = async (): Promise<void> => {
      try {
        for (let round = 1; round <= 25; round += 1) {
          await writeFile(context.path('.document.tmp'), version(round));
          await rename(context.path('.document.tmp'), path);
        }
      } finally {
        isDone = true;
      }
    };
    const read = async (): Promise<void> => {
      while (!isDone) {
        const seen = await readFile(path);
        const [first = 0] = seen;
        sameBytes(seen, version(first), 'version that a reader saw');
      }
    };
    await Promise.all([save(), read(), read()]);
    sameBytes(await readFile(path), version(25), 'last version');
  },
);

group.add(
  'create-and-remove',
  'workers that create and remove the same twenty names leave a directory that can be listed and emptied',
  async (context) => {
    await mkdir(context.path('busy'));
    await workers(context, 6, async (worker) => {
      for (let round = 0; round < 20; round += 1) {
        const path = context.path('busy', `name-${(worker * 3 + round) % 20}`);
        if ((worker + round) % 2 === 0) await writeFile(path, `worker ${worker}`);
        else await unlink(path).catch(ignoreMissing);
      }
    });
    const names = await readdir(context.path('busy'));
    ok(new Set(names).size === names.length, 'no name comes twice');
    for (const name of names) ok((await stat(context.path('busy', name))).isFile(), `${name} is a file`);
    await Promise.all(names.map((name) => unlink(context.path('busy', name))));
    equal(await readdir(context.path('busy')), [], 'names left');
  },
);

group.add(
  'deep-and-wide',
  'workers that make trees at the same time leave every directory and file',
  async (context) => {
    await workers(context, 5, async (worker) => {
      for (const branch of ['a', 'b', 'c']) {
        const folder = context.path('tree', `level-${worker % 2}`, branch, `worker-${worker}`);
        await mkdir(folder, { recursive: true });
        await writeFile(`${folder}/file`, `${worker}${branch}`);
      }
    });
    const files = (await readdir(context.path('tree'), { recursive: true })).filter((name) =>
      name.endsWith('/file'),
    );
    equal(files.length, 15, 'count of files');
  },
);

function ignoreMissing(reason: unknown): void {
  if (codeOf(reason) !== 'ENOENT') throw reason;
}

defineGroup(group);
