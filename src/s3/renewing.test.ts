import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmulator, type Emulator } from '../emulator/emulator.js';
import { silentLog } from '../log/log.js';
import { createBucketAdmin } from './admin.js';
import { createStore } from './client.js';
import { withRenewedCredentials } from './renewing.js';
import type { ObjectStore } from './store.js';

const BUCKET = 'renewed';
const VARIABLES = ['AWS_SHARED_CREDENTIALS_FILE', 'AWS_CONFIG_FILE', 'AWS_PROFILE'];

describe.each(['sdk', 'lean'] as const)('a store whose session runs out, over the client %s', (client) => {
  const before = { ...process.env };
  let folder: string;
  let server: Emulator;
  let store: ObjectStore;

  /** The server knows this session only. */
  async function admit(accessKeyId: string): Promise<void> {
    const session = { accessKeyId, secretAccessKey: 'secret', sessionToken: `token of ${accessKeyId}` };
    const lines = `aws_secret_access_key=secret\naws_session_token=${session.sessionToken}\n`;
    await writeFile(join(folder, 'credentials'), `[session]\naws_access_key_id=${accessKeyId}\n${lines}`);
    server.setGuest(session);
  }

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'objectfs-renewing-'));
    server = await startEmulator();
    const { endpoint, region, credentials } = server;
    const connection = { endpoint, region, forcePathStyle: true, client };
    const admin = createBucketAdmin({ ...connection, credentials });
    await admin.create(BUCKET);
    admin.close();
    Object.assign(process.env, {
      AWS_SHARED_CREDENTIALS_FILE: join(folder, 'credentials'),
      AWS_CONFIG_FILE: join(folder, 'config'),
      AWS_PROFILE: 'session',
    });
    await admit('FIRST');
    store = withRenewedCredentials(connection, () => createStore(connection, BUCKET), silentLog);
    await store.put('key', Buffer.from('content'));
  });
  afterEach(async () => {
    for (const name of VARIABLES) {
      if (before[name] === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = before[name];
    }
    store.close();
    await server.close();
    await rm(folder, { recursive: true });
  });

  const countRefused = (): number => server.requestCounts().reduce((sum, { errors }) => sum + errors, 0);

  const requests: Readonly<Record<string, () => Promise<unknown>>> = {
    'a HEAD, whose refusal gives no reason': () => store.head('key'),
    'a GET': () => store.get('key').then(({ body }) => body.destroy()),
    'a listing': () => store.list(),
    'a PUT': () => store.put('key', Buffer.from('content')),
  };
  test.each(Object.keys(requests))('takes the next one at the refusal of %s', async (name) => {
    const refusedBefore = countRefused();
    await admit('SECOND');
    await requests[name]?.();
    expect(countRefused() - refusedBefore).toBe(1);
  });
});
