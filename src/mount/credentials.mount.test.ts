import * as fs from 'node:fs/promises';
import { join } from 'node:path';
import { startEmulatorProcess, type EmulatorProcess } from '../emulator/child.js';
import { describeMount } from '../harness/testing/mount-tests.js';
import { createBucketAdmin } from '../s3/admin.js';
import type { S3Credentials } from '../s3/connection.js';
import { startMount, type RunningMount } from './start.js';
import { BUCKET, makeMountPlace, until, type MountPlace } from './testing/mount-place.js';

const OLD = { accessKeyId: 'OLDKEY', secretAccessKey: 'old-secret', sessionToken: 'old-session' };
const NEW = { accessKeyId: 'NEWKEY', secretAccessKey: 'new-secret', sessionToken: 'new-session' };
const VARIABLES = [
  'AWS_SHARED_CREDENTIALS_FILE',
  'AWS_CONFIG_FILE',
  'AWS_PROFILE',
  'AWS_EC2_METADATA_DISABLED',
];

describeMount('a mount whose credentials rotate', () => {
  describe.each(['sdk', 'lean'] as const)('with the client %s', (client) => {
    const before = { ...process.env };
    let place: MountPlace;
    let server: EmulatorProcess;
    let mount: RunningMount;

    /** The same data behind the same port, with other keys: those of before are unknown to it. */
    const serve = (credentials: S3Credentials, port = 0): Promise<EmulatorProcess> =>
      startEmulatorProcess(
        { credentials, port, dataDir: join(place.folder, 's3') },
        new AbortController().signal,
      );
    const portOf = ({ endpoint }: EmulatorProcess): number => Number(new URL(endpoint).port);

    const shared = ({ accessKeyId, secretAccessKey, sessionToken }: S3Credentials): string =>
      `[rotating]\naws_access_key_id=${accessKeyId}\naws_secret_access_key=${secretAccessKey}\naws_session_token=${sessionToken ?? ''}\n`;

    beforeEach(async () => {
      place = await makeMountPlace();
      server = await serve(OLD);
      const { endpoint, region } = server;
      const admin = createBucketAdmin({ endpoint, region, credentials: OLD, forcePathStyle: true });
      await admin.create(BUCKET);
      admin.close();
      Object.assign(process.env, {
        AWS_SHARED_CREDENTIALS_FILE: join(place.folder, 'credentials'),
        AWS_CONFIG_FILE: join(place.folder, 'config'),
        AWS_PROFILE: 'rotating',
        AWS_EC2_METADATA_DISABLED: 'true',
      });
    });
    afterEach(async () => {
      for (const name of VARIABLES) {
        if (before[name] === undefined) Reflect.deleteProperty(process.env, name);
        else process.env[name] = before[name];
      }
      await mount.unmount();
      await server.close();
      await place.remove();
    });

    async function startHere(): Promise<void> {
      const { endpoint, region } = server;
      const timeless = { attributeTtlMs: 0, entryTtlMs: 0 };
      mount = await startMount(place.plan({ endpoint, region, forcePathStyle: true, client }, timeless), {
        foreground: true,
      });
      await fs.writeFile(place.at('before'), 'kept');
    }

    async function rotateServer(): Promise<void> {
      const port = portOf(server);
      await server.close();
      server = await serve(NEW, port);
    }

    test('in the profile file: EACCES while the file has the old ones, then it goes on without a remount', async () => {
      await fs.writeFile(join(place.folder, 'credentials'), shared(OLD));
      await startHere();
      await rotateServer();
      await expect(fs.readdir(place.mountPoint)).rejects.toMatchObject({ code: 'EACCES' });
      await fs.writeFile(join(place.folder, 'credentials'), shared(NEW));
      // The files are read once a second at most.
      const content = await until('the new credentials', () =>
        fs.readFile(place.at('before'), 'utf8').catch(() => undefined),
      );
      expect(content).toBe('kept');
      await fs.writeFile(place.at('large'), Buffer.alloc(9 * 2 ** 20, 'x'));
      expect((await fs.readdir(place.mountPoint)).sort()).toEqual(['before', 'large']);
    }, 60_000);

    test('given out by a process: the new ones are taken at the first refusal, and no program sees an error', async () => {
      const document = join(place.folder, 'process.json');
      const answer = ({ accessKeyId, secretAccessKey, sessionToken }: S3Credentials): string =>
        JSON.stringify({
          Version: 1,
          AccessKeyId: accessKeyId,
          SecretAccessKey: secretAccessKey,
          SessionToken: sessionToken,
        });
      await fs.writeFile(
        join(place.folder, 'config'),
        `[profile rotating]\ncredential_process = cat ${document}\n`,
      );
      await fs.writeFile(document, answer(OLD));
      await startHere();
      await fs.writeFile(document, answer(NEW));
      await rotateServer();
      await fs.writeFile(place.at('large'), Buffer.alloc(9 * 2 ** 20, 'x'));
      expect((await fs.readdir(place.mountPoint)).sort()).toEqual(['before', 'large']);
      expect(await fs.readFile(place.at('before'), 'utf8')).toBe('kept');
    }, 60_000);
  });
});
