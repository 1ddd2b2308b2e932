import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describeMount } from '../harness/testing/mount-tests.js';
import { startTestServer, type TestServer } from '../mount/testing/mount-place.js';
import { leftoversAt, makePlace, startObjectfs, until, type Place } from './testing/command-line.js';

describeMount('objectfs status', () => {
  let server: TestServer;
  let place: Place;
  let aws: Record<string, string>;

  beforeAll(async () => {
    server = await startTestServer();
    const { endpoint, credentials } = server.process;
    aws = {
      AWS_ENDPOINT_URL: endpoint,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    };
    place = await makePlace();
    await mkdir(join(place.work, 'mnt'));
  });
  afterAll(async () => {
    expect((await leftoversAt(place, ['mnt'])).mounts).toEqual([]);
    await place.remove();
    await server.close();
  });

  test('status tells of a mount in words and as JSON, and that a killed one is dead', async () => {
    expect(
      (await startObjectfs(place, ['mount', 's3://mounted', 'mnt'], { environment: aws })).exitCode,
    ).toBe(0);
    const asked = await startObjectfs(place, ['status', 'mnt']);
    expect(asked).toMatchObject({ exitCode: 0, stderr: '' });
    expect(asked.stdout).toMatch(
      /^s3:\/\/mounted on \S+\/mnt: running for .*binding kernel\n {2}store +answering/,
    );
    const json = await startObjectfs(place, ['status', 'mnt', '--json']);
    const status = JSON.parse(json.stdout) as { readonly state: string; readonly pid: number };
    expect(status).toMatchObject({ state: 'running', bucket: 'mounted', endpoint: server.process.endpoint });
    process.kill(status.pid, 'SIGKILL');
    const dead = await until('the end', async () => {
      const result = await startObjectfs(place, ['status', 'mnt']);
      return result.exitCode === 0 ? undefined : result;
    });
    expect({ exitCode: dead.exitCode, stdout: dead.stdout }).toEqual({
      exitCode: 1,
      stdout: expect.stringMatching(/DEAD.*objectfs unmount/) as string,
    });
    expect((await startObjectfs(place, ['unmount', 'mnt'])).exitCode).toBe(0);
    expect((await startObjectfs(place, ['status', 'mnt'])).exitCode).toBe(2);
  }, 60_000);
});
