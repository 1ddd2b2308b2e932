import fc from 'fast-check';
import type { ListResult, Storage } from './storage.js';
import {
  BUCKET,
  PLAIN,
  STORAGE_KINDS,
  keysOf,
  openForTest,
  type StorageUnderTest,
} from './storage-under-test.js';

describe.each(STORAGE_KINDS)('$name storage lists', ({ open }) => {
  let under: StorageUnderTest;
  let storage: Storage;

  beforeEach(async () => {
    under = await openForTest(open);
    storage = under.storage;
  });

  afterEach(async () => {
    await under.end();
  });

  test('keys come in the order of their UTF-8 bytes', async () => {
    const keys = ['a', 'a/b', 'Z', 'z', '\u00e9', '\uff5e', '\u{1f600}', 'a b', '~'];
    for (const key of keys) await under.put(key);
    const wanted = [...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    expect(keysOf(storage.list(BUCKET, { prefix: '', delimiter: '', after: '', maxKeys: 99 }))).toEqual(
      wanted,
    );
  });

  test('listing by pages gives what a plain scan gives, for any prefix, delimiter and page size', async () => {
    const keys = [
      'a',
      'a/',
      'a/1',
      'a/2',
      'a/b/1',
      'a/b/2',
      'ab',
      'b//x',
      'b/',
      'b/x',
      'c',
      'c\u00e9/x',
      '\u{1f600}/y',
    ];
    for (const key of keys) await under.put(key);
    const prefixes = fc.constantFrom('', 'a', 'a/', 'a/b', 'b/', 'c\u00e9', 'none');
    await fc.assert(
      fc.asyncProperty(
        prefixes,
        fc.constantFrom('', '/', 'b'),
        fc.integer({ min: 1, max: 5 }),
        (prefix, delimiter, maxKeys) => {
          const found: string[] = [];
          let after: string | undefined = '';
          while (after !== undefined) {
            const page: ListResult = storage.list(BUCKET, { prefix, delimiter, after, maxKeys });
            found.push(...keysOf(page));
            after = page.next;
          }
          expect(found).toEqual(scan(keys, prefix, delimiter));
          return Promise.resolve();
        },
      ),
    );
  });

  test('versions by pages of one give all versions from the newest, and folded prefixes', async () => {
    await under.setVersioning('Enabled');
    for (const key of ['a', 'a', 'b/1', 'b/2', 'c', 'c', 'c']) await under.put(key);
    const found: string[] = [];
    let keyMarker = '';
    let versionIdMarker = '';
    for (;;) {
      const page = storage.listVersions(BUCKET, {
        ...{ prefix: '', delimiter: '/', keyMarker, versionIdMarker, maxKeys: 1 },
      });
      for (const entry of page.entries) {
        found.push(
          entry.kind === 'prefix' ? entry.prefix : `${entry.version.key} ${entry.isLatest ? 'latest' : ''}`,
        );
      }
      if (!page.truncated) break;
      keyMarker = page.nextKeyMarker ?? '';
      versionIdMarker = page.nextVersionIdMarker ?? '';
    }
    expect(found).toEqual(['a latest', 'a ', 'b/', 'c latest', 'c ', 'c ']);
  });

  test('uploads by pages of one come by key and then by start', async () => {
    const ids: string[] = [];
    for (const key of ['a', 'b', 'b', 'c/1', 'c/2']) {
      ids.push((await storage.createUpload(BUCKET, key, PLAIN)).uploadId);
    }
    const found: string[] = [];
    let [keyMarker, uploadIdMarker] = ['', ''];
    for (;;) {
      const page = storage.listUploads(BUCKET, {
        ...{ prefix: '', delimiter: '/', keyMarker, uploadIdMarker, maxUploads: 1 },
      });
      for (const entry of page.entries) found.push(entry.kind === 'prefix' ? entry.prefix : entry.upload.key);
      if (!page.truncated) break;
      [keyMarker, uploadIdMarker] = [page.nextKeyMarker ?? '', page.nextUploadIdMarker ?? ''];
    }
    expect(found).toEqual(['a', 'b', 'b', 'c/']);
    expect(storage.findUpload(BUCKET, 'b', ids[0] ?? '')).toBeUndefined();
  });
});

/** The listing rules written down once more, in the most naive way. */
function scan(keys: readonly string[], prefix: string, delimiter: string): string[] {
  const items = keys
    .filter((key) => key.startsWith(prefix))
    .map((key) => {
      const at = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
      return at < 0 ? key : key.slice(0, at + delimiter.length);
    });
  return [...new Set(items)].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}
