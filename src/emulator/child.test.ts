import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { compiledModule } from '../config/paths.js';
import { Failure } from '../errors/failure.js';
import { createBucketAdmin } from '../s3/admin.js';
import type { S3Credentials } from '../s3/connection.js';
import { startEmulatorProcess } from './child.js';

const built = existsSync(compiledModule('src/emulator/process.js'));
const describeBuilt = built ? describe : describe.skip;

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describeBuilt('the embedded server in its own process (needs dist/: npm run build)', () => {
  const forever = new AbortController().signal;

  test('it answers, counts its requests and is gone after close', async () => {
    const credentials = { accessKeyId: 'key', secretAccessKey: 'secret' };
    const server = await startEmulatorProcess({ credentials, region: 'eu-central-1' }, forever);
    expect(server).toMatchObject({ credentials, region: 'eu-central-1' });
    const { endpoint, region } = server;
    const client = new S3Client({ endpoint, region, credentials, forcePathStyle: true, maxAttempts: 1 });
    await client.send(new CreateBucketCommand({ Bucket: 'counted' }));
    client.destroy();
    const [first, second] = await Promise.all([server.requestCounts(), server.requestCounts()]);
    expect(first).toEqual([expect.objectContaining({ operation: 'CreateBucket', count: 1, errors: 0 })]);
    expect(second).toEqual(first);
    await server.close();
    await server.close();
    expect(isAlive(server.pid)).toBe(false);
    await expect(server.requestCounts()).rejects.toMatchObject({ kind: 'unreachable' });
  });

  test('it fails as it is told, tells how often, and no more when told so', async () => {
    const server = await startEmulatorProcess({}, forever);
    const statusOf = async (): Promise<number> => {
      const reply = await fetch(server.endpoint);
      await reply.arrayBuffer();
      return reply.status;
    };
    const sound = await statusOf();
    await server.setFaults({ rules: [{ name: 'storm', nth: 2, fault: { kind: 'status', status: 503 } }] });
    expect([await statusOf(), await statusOf(), await statusOf()]).toEqual([sound, 503, sound]);
    expect(await server.faultCounts()).toEqual([{ name: 'storm', matched: 3, fired: 1 }]);
    await server.setFaults({ rules: [{ fault: { kind: 'status', status: 503 } }] });
    expect(await statusOf()).toBe(503);
    await server.setFaults(undefined);
    expect(await statusOf()).toBe(sound);
    expect(await server.faultCounts()).toEqual([]);
    await server.close();
  });

  test('it refuses connections when told so, ends those that are there, and is back on its port', async () => {
    const server = await startEmulatorProcess({}, forever);
    const { port } = new URL(server.endpoint);
    const open = connect(Number(port), '127.0.0.1');
    await once(open, 'connect');
    const ended = new Promise((resolve) => open.on('close', resolve));
    open.on('error', () => undefined).resume(); // a reset is an end, and without a reader nobody would see one
    await Promise.all([server.setReachable(false), ended]);
    await expect(fetch(server.endpoint)).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } });
    await server.setReachable(false);
    const taker = createServer().listen(Number(port), '127.0.0.1');
    await once(taker, 'listening');
    await expect(server.setReachable(true)).rejects.toMatchObject({ kind: 'usage' });
    taker.close();
    await once(taker, 'close');
    await server.setReachable(true);
    const reply = await fetch(server.endpoint);
    await reply.arrayBuffer();
    expect(reply.status).toBe(403);
    await server.close();
  });

  test('it knows a guest beside its own account, and refuses the keys that the guest had before', async () => {
    const server = await startEmulatorProcess({}, forever);
    const { endpoint, region } = server;
    const codeFor = async (credentials: S3Credentials): Promise<string | undefined> => {
      const admin = createBucketAdmin({ endpoint, region, credentials, forcePathStyle: true });
      try {
        await admin.listBuckets();
        return undefined;
      } catch (reason) {
        return Failure.from(reason).code;
      } finally {
        admin.close();
      }
    };
    const key = { accessKeyId: 'KEY', secretAccessKey: 'secret' };
    const session = { accessKeyId: 'SESSION', secretAccessKey: 'secret', sessionToken: 'token' };
    expect(await codeFor(key)).toBe('InvalidAccessKeyId');
    await server.setGuest(key);
    expect(await codeFor(key)).toBeUndefined();
    await server.setGuest(session);
    expect(await codeFor(key)).toBe('InvalidAccessKeyId');
    expect(await codeFor(session)).toBeUndefined();
    await server.setGuest(undefined);
    expect(await codeFor(session)).toBe('ExpiredToken');
    expect(await codeFor(server.credentials)).toBeUndefined();
    await server.close();
  });

  test('an abort ends it', async () => {
    const abort = new AbortController();
    const server = await startEmulatorProcess({}, abort.signal);
    abort.abort();
    await server.close();
    expect(isAlive(server.pid)).toBe(false);
  });

  test('a port that is in use is a usage error and leaves no process', async () => {
    const blocker = createServer();
    await new Promise<void>((resolve) => blocker.listen(0, '127.0.0.1', resolve));
    const address = blocker.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    await expect(startEmulatorProcess({ port }, forever)).rejects.toMatchObject({ kind: 'usage' });
    await new Promise((resolve) => blocker.close(resolve));
  });
});
