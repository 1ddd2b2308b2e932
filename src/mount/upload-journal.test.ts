import * as fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Emulator } from '../emulator/emulator.js';
import { Failure } from '../errors/failure.js';
import { silentLog } from '../log/log.js';
import { createStore } from '../s3/client.js';
import type { ObjectStore } from '../s3/store.js';
import { UploadJournal } from './upload-journal.js';
import { startEmulatedStore, type EmulatedStore } from '../s3/testing/emulated-store.js';

describe('the journal of multipart uploads', () => {
  let server: EmulatedStore;
  let emulator: Emulator;
  let store: ObjectStore;
  let folder: string;

  beforeAll(async () => {
    server = await startEmulatedStore(['journal']);
    ({ emulator, store } = server);
  });
  afterAll(async () => {
    await server.close();
  });
  beforeEach(async () => {
    folder = await fs.mkdtemp(join(tmpdir(), 'objectfs-journal-'));
  });
  afterEach(async () => {
    for (const { key, uploadId } of await store.listUploads()) await store.abortUpload(key, uploadId);
    await fs.rm(folder, { recursive: true });
  });

  const openIds = async (): Promise<readonly string[]> =>
    (await store.listUploads()).map(({ uploadId }) => uploadId).sort();

  test('the next mount aborts what was left open, and nothing of anybody else', async () => {
    const noted = (await UploadJournal.in(folder)).note(store);
    const foreign = await store.createUpload('a');
    await noted.createUpload('a');
    await noted.createUpload('b');
    expect(await openIds()).toHaveLength(3);
    const next = await UploadJournal.in(folder);
    await next.abortLeft(store, silentLog);
    expect(await openIds()).toEqual([foreign]);
    await next.close();
    expect(await fs.readdir(folder)).toEqual([]);
  });

  test('an upload whose id was never noted is found by key and time', async () => {
    const journal = await UploadJournal.in(folder);
    const lost: ObjectStore = {
      ...store,
      createUpload: async (key) => {
        await store.createUpload(key);
        throw new Failure('reset', 'The reply was lost');
      },
    };
    await expect(journal.note(lost).createUpload('c')).rejects.toMatchObject({ kind: 'reset' });
    const elsewhere = await store.createUpload('c-other');
    await (await UploadJournal.in(folder)).abortLeft(store, silentLog);
    expect(await openIds()).toEqual([elsewhere]);
  });

  test('where two uploads of a key fit a lost reply, none is touched', async () => {
    const journal = await UploadJournal.in(folder);
    const lost: ObjectStore = {
      ...store,
      createUpload: async (key) => {
        await store.createUpload(key);
        throw new Failure('reset', 'The reply was lost');
      },
    };
    await journal
      .note(lost)
      .createUpload('d')
      .catch(() => undefined);
    await store.createUpload('d');
    await (await UploadJournal.in(folder)).abortLeft(store, silentLog);
    expect(await openIds()).toHaveLength(2);
  });

  test('completed, aborted and refused uploads leave no line that is open, however many they are', async () => {
    const journal = await UploadJournal.in(folder);
    const noted = journal.note(store);
    const cycle = async (number: number): Promise<void> => {
      const key = `many/${number}`;
      const id = await noted.createUpload(key);
      const part = await noted.uploadPart(key, id, 1, Buffer.from('part'));
      if (number % 2 === 0) await noted.completeUpload(key, id, [part]);
      else await noted.abortUpload(key, id);
    };
    for (let round = 0; round < 30; round += 1) {
      await Promise.all([0, 1, 2, 3].map((step) => cycle(round * 4 + step)));
    }
    const missing = createStore(
      {
        endpoint: emulator.endpoint,
        region: 'us-east-1',
        credentials: emulator.credentials,
        forcePathStyle: true,
      },
      'no-such-bucket',
    );
    await expect(journal.note(missing).createUpload('e')).rejects.toMatchObject({ kind: 'missing-bucket' });
    missing.close();
    const kept = await store.createUpload('many/0');
    await (await UploadJournal.in(folder)).abortLeft(store, silentLog);
    expect(await openIds()).toEqual([kept]);
    expect((await fs.readFile(join(folder, 'uploads.jsonl'), 'utf8')).split('\n').length).toBeLessThan(310);
  });

  test('a line that a crash has cut is passed over, and the lines before it count', async () => {
    await (await UploadJournal.in(folder)).note(store).createUpload('f');
    await fs.appendFile(join(folder, 'uploads.jsonl'), '{"line":"beg');
    const next = await UploadJournal.in(folder);
    await next.note(store).createUpload('g');
    await (await UploadJournal.in(folder)).abortLeft(store, silentLog);
    expect(await openIds()).toEqual([]);
  });
});
