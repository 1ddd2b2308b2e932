import { open, readFile, readdir, stat, writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { CaseList, codeOf, defineGroup, equal, fail, ok, sameBytes } from '../../src/harness/api/index.js';
import { bytesBehind } from '../shared/content.js';

// What the bucket holds after close, where the kernel's page cache would hide a mistake from a reader of the mount.
const group = new CaseList('integrity', 'saved', {
  operations: ['close'],
  needs: ['store'],
  timeoutMs: 30_000,
});

group.add(
  'lost-update-is-refused',
  'close fails where another client has replaced the object meanwhile, and what that client wrote stays',
  async (context) => {
    const path = context.path('file');
    await writeFile(path, 'first');
    const theirs = Buffer.from('written by another client');
    const handle = await open(path, 'r+');
    let refused: string | undefined;
    try {
      await handle.write('ours!', 0);
      await context.store.put(context.store.keyOf(path), theirs, { signal: context.signal });
    } finally {
      await handle.close().catch((reason: unknown) => {
        refused = codeOf(reason);
      });
    }
    if (refused === undefined) fail('close succeeded');
    sameBytes(await bytesBehind(context, path), theirs, 'object');
  },
);

group.add(
  'appends-by-two-descriptors',
  'what two descriptors append in turn is in the object, one behind the other',
  async (context) => {
    const path = context.path('log');
    await writeFile(path, 'begin,');
    const one = await open(path, 'a');
    try {
      const two = await open(path, 'a');
      try {
        for (let line = 0; line < 5; line += 1) {
          await one.write(`one ${line},`);
          await two.write(`two ${line},`);
        }
      } finally {
        await two.close();
      }
    } finally {
      await one.close();
    }
    const lines = [0, 1, 2, 3, 4].map((line) => `one ${line},two ${line},`);
    equal((await bytesBehind(context, path)).toString(), `begin,${lines.join('')}`, 'object');
  },
  { operations: ['write', 'close'] },
);

group.add(
  'hole-is-zeros-in-the-object',
  'a hole is zeros in the object too',
  async (context) => {
    const path = context.path('sparse');
    const handle = await open(path, 'w');
    try {
      await handle.write('begin', 0);
      await handle.write('end', 100_000);
    } finally {
      await handle.close();
    }
    const expected = Buffer.alloc(100_003);
    expected.write('begin', 0);
    expected.write('end', 100_000);
    sameBytes(await bytesBehind(context, path), expected, 'object');
  },
  { operations: ['write', 'close'] },
);

group.add(
  'mtime-of-a-write-stays',
  'close and a remount do not move the time of the last write',
  async (context) => {
    const path = context.path('file');
    const handle = await open(path, 'w');
    let written: bigint;
    try {
      await handle.write('content');
      written = (await handle.stat({ bigint: true })).mtimeNs;
      await delay(20);
    } finally {
      await handle.close();
    }
    await context.control.remount();
    equal((await stat(path, { bigint: true })).mtimeNs, written, 'mtime after the remount');
  },
  { operations: ['close', 'stat'], needs: ['remount'] },
);

const KEYS = 1001;

group.add(
  '1001-keys-are-listed',
  'of 1,001 objects that another client put, more than one page of a listing, each is a name',
  async (context) => {
    const names = Array.from({ length: KEYS }, (_, at) => `key-${String(at).padStart(4, '0')}`);
    const left = [...names];
    const put = async (): Promise<void> => {
      for (let name = left.pop(); name !== undefined; name = left.pop()) {
        await context.store.put(context.store.keyOf(context.path(name)), Buffer.from('x'), {
          signal: context.signal,
        });
      }
    };
    await Promise.all(Array.from({ length: 16 }, put));
    const found = new Set(await readdir(context.directory));
    equal(
      names.filter((name) => !found.has(name)),
      [],
      'names that are missing',
    );
  },
  { operations: ['readdir'], timeoutMs: 90_000, tier: 'full' },
);

/** The reference file system tells a name missing for `mount.negativeTtlMs`; ten seconds are far beyond any sane limit. */
const MOST_STALE_MS = 10_000;

group.add(
  'missing-name-appears',
  'a name that was asked for in vain shows up after another client has made it',
  async (context) => {
    const path = context.path('later');
    const missing = await stat(path).then(() => 'there', codeOf);
    equal(missing, 'ENOENT', 'answer before the object is there');
    await context.store.put(context.store.keyOf(path), Buffer.from('content'), { signal: context.signal });
    const deadline = Date.now() + MOST_STALE_MS;
    for (;;) {
      const content = await readFile(path, 'utf8').catch(codeOf);
      if (content === 'content') return;
      ok(Date.now() < deadline, `after ${MOST_STALE_MS} ms the name still answers ${String(content)}`);
      await delay(100);
    }
  },
  { operations: ['lookup'] },
);

group.add(
  'open-upload-is-listed',
  'an upload in parts that nobody ended is listed by S3 until it is given up',
  async (context) => {
    const key = context.store.keyOf(context.path('parts'));
    const id = await context.store.createUpload(key, { signal: context.signal });
    const listed = await context.store.listUploads(key);
    await context.store.abortUpload(key, id);
    equal(
      listed.map(({ uploadId }) => uploadId),
      [id],
      'open uploads',
    );
    equal(await context.store.listUploads(key), [], 'open uploads after it was given up');
  },
  { operations: ['upload'] },
);

defineGroup(group);
