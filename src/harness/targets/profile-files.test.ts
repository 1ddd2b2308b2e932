import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { resolveCredentials } from '../../s3/credentials.js';
import { profileEnvironment, writeProfile } from './profile-files.js';

describe('the profile of a target', () => {
  const before = { ...process.env };
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'objectfs-profile-'));
    Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'of the runner', AWS_SECRET_ACCESS_KEY: 'secret' });
    Object.assign(process.env, profileEnvironment(folder));
  });
  afterEach(async () => {
    for (const name of Object.keys(process.env).filter((each) => each.startsWith('AWS_'))) {
      if (before[name] === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = before[name];
    }
    await rm(folder, { recursive: true });
  });

  const found = () => resolveCredentials({ region: 'us-east-1', forcePathStyle: true });

  test('the credential chain finds the keys that were written last, and no others', async () => {
    const seen = new Set<string>();
    for (const source of ['credentials-file', 'credential-process', 'credentials-file'] as const) {
      for (let rotation = 0; rotation < 2; rotation += 1) {
        const written = await writeProfile(folder, source);
        expect(written.sessionToken === undefined).toBe(source === 'credentials-file');
        expect(await found()).toEqual(written);
        seen.add(written.accessKeyId);
      }
    }
    expect(seen.size).toBe(6);
  });
});
