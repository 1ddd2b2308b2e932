import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startEmulatedStore, type EmulatedStore } from '../s3/testing/emulated-store.js';
import { makePlace, startObjectfs, type Place } from './testing/command-line.js';

/** By the real program, on the embedded server, which makes the readable copy at once. */
describe('objectfs restore', () => {
  let server: EmulatedStore;
  let place: Place;

  beforeAll(async () => {
    server = await startEmulatedStore(['cold']);
  });

  afterAll(() => server.close());

  beforeEach(async () => {
    place = await makePlace();
  });

  afterEach(async () => {
    server.emulator.setFaults(undefined);
    await place.remove();
  });

  function run(...args: string[]) {
    const { accessKeyId, secretAccessKey } = server.emulator.credentials;
    return startObjectfs(place, [...args, '--endpoint', server.emulator.endpoint], {
      environment: { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey },
    });
  }

  const countOf = (operation: string): number =>
    server.emulator.requestCounts().find((entry) => entry.operation === operation)?.count ?? 0;

  test.each(['GLACIER', 'DEEP_ARCHIVE'] as const)(
    'makes an object of %s readable, which is refused before, and says until when',
    async (storageClass) => {
      await server.store.put('film', Buffer.from('moving pictures'), { storageClass });
      const early = await run('cp', 's3://cold/film', 'film');
      expect([early.exitCode, early.stderr]).toEqual([
        1,
        expect.stringMatching(`${storageClass}.*objectfs restore s3://cold/film`),
      ]);
      const restored = await run('restore', 's3://cold/film', '--days', '3', '--tier', 'Bulk');
      expect([restored.exitCode, restored.stderr]).toEqual([0, '']);
      const [, until = ''] = /^s3:\/\/cold\/film can be read until (.+)$/.exec(restored.stdout) ?? [];
      const days = (Date.parse(until) - Date.now()) / 86_400_000;
      expect(days).toBeGreaterThan(2.99);
      expect(days).toBeLessThanOrEqual(3);
      expect((await run('cp', 's3://cold/film', 'film')).exitCode).toBe(0);
      expect(await readFile(join(place.work, 'film'), 'utf8')).toBe('moving pictures');
    },
  );

  test('a copy that is being made already is no failure, and is not asked for again and again', async () => {
    await server.store.put('slow', Buffer.from('x'), { storageClass: 'GLACIER' });
    const fault = { kind: 'status', status: 409, code: 'RestoreAlreadyInProgress' } as const;
    server.emulator.setFaults({ rules: [{ operation: 'RestoreObject', fault }] });
    const { exitCode, stdout, stderr } = await run('restore', 's3://cold/slow');
    expect([exitCode, stdout, stderr]).toEqual([0, 's3://cold/slow is being restored', '']);
    expect(server.emulator.faultCounts()).toMatchObject([{ fired: 1 }]);
  });

  test('an object in no archive class is told to be readable as it is', async () => {
    await server.store.put('warm', Buffer.from('x'));
    const { exitCode, stderr } = await run('restore', 's3://cold/warm');
    expect([exitCode, stderr]).toEqual([1, expect.stringMatching(/warm lies in no archive class.*Read it/)]);
  });

  test('an object that is not there is one failure', async () => {
    const { exitCode, stderr } = await run('restore', 's3://cold/none');
    expect([exitCode, stderr]).toEqual([1, expect.stringMatching(/s3:\/\/cold\/none/)]);
  });

  test.each([
    [['cold/film'], /is no object/],
    [['s3://cold/'], /is no object/],
    [['s3://cold/film', '--days', '0'], /can not stay for 0 days/],
    [['s3://cold/film', '--days', '1.5'], /can not stay for 1.5 days/],
    [['s3://cold/film', '--tier', 'Slow'], /Expedited/],
  ])('%j is refused with exit code 2, before any request', async (args, line) => {
    const before = countOf('RestoreObject');
    const { exitCode, stderr } = await run('restore', ...args);
    expect([exitCode, stderr]).toEqual([2, expect.stringMatching(line)]);
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(countOf('RestoreObject')).toBe(before);
  });
});
