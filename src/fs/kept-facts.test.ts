import { PutObjectTaggingCommand, S3Client } from '@aws-sdk/client-s3';
import { configSchema } from '../config/schema.js';
import { startFixture, type Fixture, type MountOptions } from './testing/fixture.js';
import { Driver, O_RDWR, O_TRUNC } from './testing/driver.js';

const TAGS = { team: 'data', stage: 'two words' };
const DESCRIBED = {
  metadata: { author: 'somebody' },
  headers: {
    contentType: 'text/csv',
    cacheControl: 'no-store',
    contentDisposition: 'attachment; filename="a.csv"',
    contentEncoding: 'identity',
    contentLanguage: 'de',
    expires: 'Wed, 21 Oct 2026 07:28:00 GMT',
  },
  storageClass: 'STANDARD_IA',
  encryption: { algorithm: 'aws:kms', kmsKeyId: 'arn:aws:kms:us-east-1:1:key/k', bucketKey: true },
} as const;

describe('what others have said of an object', () => {
  let fixture: Fixture;

  beforeEach(async () => {
    fixture = await startFixture();
  });

  afterEach(async () => {
    await fixture.close();
  });

  async function drive(options?: MountOptions): Promise<Driver> {
    return new Driver(await fixture.mount(options));
  }

  async function expectAll(key: string): Promise<void> {
    const head = await fixture.store.head(key);
    expect(head).toMatchObject({ ...DESCRIBED, tagCount: 2 });
    expect(await fixture.store.tags(key)).toEqual(TAGS);
  }

  test('survives a chmod, a rename, a rewrite, an exchange and a hard link', async () => {
    await fixture.store.put('a.csv', Buffer.from('1;2'), { ...DESCRIBED, tags: TAGS });
    await fixture.store.put('other', Buffer.from('x'));
    const mounted = await drive();
    await mounted.chmod('a.csv', 0o600);
    await expectAll('a.csv');
    await mounted.rename('a.csv', 'b.csv');
    await expectAll('b.csv');
    await mounted.writeFile('b.csv', 'new bytes');
    await expectAll('b.csv');
    await mounted.rename('b.csv', 'other', 2);
    await expectAll('other');
    await mounted.link('other', 'second');
    await expectAll('other');
    await expectAll('second');
    expect((await fixture.store.head('other')).sizeBytes).toBe(9);
  });

  test('survives an edit that S3 puts together from parts, and a rewrite that is sent while it is written', async () => {
    const partLimits = { copyMaxBytes: 6 * 2 ** 20, uploadPartBytes: 5 * 2 ** 20 };
    await fixture.store.put('big', Buffer.alloc(12 * 2 ** 20, 'a'), { ...DESCRIBED, tags: TAGS });
    const mounted = await drive({ partLimits });
    const file = await mounted.open('big', O_RDWR);
    await file.write(0, 'edit');
    await file.close();
    await expectAll('big');
    await mounted.chmod('big', 0o600);
    await expectAll('big');
    const again = await mounted.open('big', O_RDWR | O_TRUNC);
    for (let at = 0; at < 12; at += 1) await again.write(at * 2 ** 20, Buffer.alloc(2 ** 20, 'b'));
    await again.close();
    expect(fixture.requests()).toHaveProperty('CreateMultipartUpload');
    await expectAll('big');
  });

  test('survives a rewrite that the transporter sends', async () => {
    await fixture.store.put('medium', Buffer.from('x'), { ...DESCRIBED, tags: TAGS });
    const mounted = await drive();
    await mounted.writeFile('medium', Buffer.alloc(20 * 2 ** 20, 'b'));
    expect(fixture.requests()).toHaveProperty('CreateMultipartUpload');
    await expectAll('medium');
  });

  test('survives by way of the attribute index of another mount', async () => {
    for (let at = 0; at < 10; at += 1) {
      await fixture.store.put(`dir/${at}`, Buffer.from('x'), { ...DESCRIBED, tags: TAGS });
    }
    // A change within the second of Last-Modified could not be told from it, and is not indexed.
    const { lastModifiedMs } = await fixture.store.head('dir/9');
    while (Date.now() < lastModifiedMs + 1000) await fixture.store.head('dir/9');
    const first = await drive();
    await first.listFull('dir');
    await first.fs.stop();
    const second = await drive();
    fixture.requests();
    await second.listFull('dir');
    expect(fixture.requests()['HeadObject'] ?? 0).toBeLessThan(5);
    await second.chmod('dir/3', 0o600);
    await expectAll('dir/3');
    await second.writeFile('dir/4', 'new');
    await expectAll('dir/4');
  });

  test('a new file gets the class of the rule that fits its key and size, and keeps it', async () => {
    const partLimits = { uploadPartBytes: 5 * 2 ** 20 };
    const storage = configSchema.parse({
      transfer: {
        storageClassRules: [
          { prefix: 'data/cold/', minSizeBytes: '6MiB', storageClass: 'GLACIER_IR' },
          { prefix: 'data/cold/', storageClass: 'STANDARD_IA' },
        ],
      },
    }).transfer;
    const mounted = await drive({ prefix: 'data/', storage, partLimits });
    await mounted.mkdir('cold');
    await mounted.writeFile('cold/small', 'x');
    await mounted.writeFile('cold/large', Buffer.alloc(6 * 2 ** 20));
    await mounted.writeFile('warm', 'x');
    await mounted.rename('cold/small', 'renamed');
    const classOf = async (key: string) => (await fixture.store.head(key)).storageClass;
    expect(await Promise.all(['data/renamed', 'data/cold/large', 'data/warm'].map(classOf))).toEqual([
      'STANDARD_IA',
      'GLACIER_IR',
      'STANDARD',
    ]);
  });

  test('class and tags survive the rename of a directory', async () => {
    await fixture.store.put('dir/a', Buffer.from('x'), { ...DESCRIBED, tags: TAGS });
    const mounted = await drive();
    await mounted.rename('dir', 'moved');
    const { metadata, headers, storageClass } = DESCRIBED;
    expect(await fixture.store.head('moved/a')).toMatchObject({ metadata, headers, storageClass });
    expect(await fixture.store.tags('moved/a')).toEqual(TAGS);
  });

  test('costs a request for the tags only where HEAD has told of some', async () => {
    await fixture.store.put('plain', Buffer.from('x'));
    await fixture.store.put('tagged', Buffer.from('x'), { tags: TAGS });
    const mounted = await drive();
    fixture.requests();
    await mounted.writeFile('plain', 'y');
    expect(fixture.requests()).not.toHaveProperty('GetObjectTagging');
    await mounted.writeFile('tagged', 'y');
    expect(fixture.requests()['GetObjectTagging']).toBe(1);
    await mounted.chmod('tagged', 0o600);
    expect(fixture.requests()).not.toHaveProperty('GetObjectTagging');
  });

  test('tags of a directory survive a chmod', async () => {
    const mounted = await drive();
    await mounted.mkdir('dir');
    const { endpoint, region, credentials } = fixture.emulator;
    const s3 = new S3Client({ endpoint, region, credentials, forcePathStyle: true });
    const TagSet = [{ Key: 'a', Value: '1' }];
    await s3.send(new PutObjectTaggingCommand({ Bucket: 'fs-test', Key: 'dir/', Tagging: { TagSet } }));
    s3.destroy();
    const second = await drive();
    await second.chmod('dir', 0o700);
    expect(await fixture.store.tags('dir/')).toEqual({ a: '1' });
  });
});

describe('the Content-Type', () => {
  let fixture: Fixture;

  beforeEach(async () => {
    fixture = await startFixture();
  });

  afterEach(async () => {
    await fixture.close();
  });

  const typeOf = async (key: string): Promise<string | undefined> =>
    (await fixture.store.head(key)).headers.contentType;

  test('of a new file is that of its extension', async () => {
    const mounted = new Driver(await fixture.mount());
    await mounted.writeFile('page.HTML', 'x');
    await mounted.writeFile('unknown.zzz', 'x');
    await mounted.writeFile('.json', 'x');
    expect(await typeOf('page.HTML')).toBe('text/html');
    expect(await typeOf('unknown.zzz')).toBe('application/octet-stream');
    expect(await typeOf('.json')).toBe('application/octet-stream');
  });

  test('follows a rename where it only said what the old name said', async () => {
    const mounted = new Driver(await fixture.mount());
    await mounted.writeFile('page.html.part', 'x');
    await mounted.rename('page.html.part', 'page.html');
    expect(await typeOf('page.html')).toBe('text/html');
    await fixture.store.put('chosen.html', Buffer.from('x'), { headers: { contentType: 'text/plain' } });
    await mounted.rename('chosen.html', 'chosen.json');
    expect(await typeOf('chosen.json')).toBe('text/plain');
  });

  test('is left to S3 with mount.contentType octet-stream', async () => {
    const mounted = new Driver(await fixture.mount({ contentType: 'octet-stream' }));
    await mounted.writeFile('page.html', 'x');
    expect(await typeOf('page.html')).toMatch(/octet-stream$/);
    await mounted.rename('page.html', 'page.json');
    expect(await typeOf('page.json')).toMatch(/octet-stream$/);
  });
});
