import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { silentLog } from '../log/log.js';
import type { S3Connection } from '../s3/connection.js';
import { compose } from './compose.js';
import { makeMountPlace, type MountPlace } from './testing/mount-place.js';

describe('the S3 client of a mount', () => {
  let server: Server;
  let place: MountPlace;
  const agents: (string | undefined)[] = [];

  beforeEach(async () => {
    agents.length = 0;
    server = createServer((request, response) => {
      agents.push(request.headers['user-agent']);
      response.writeHead(403).end();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    place = await makeMountPlace();
  });

  afterEach(async () => {
    server.close();
    server.closeAllConnections();
    await place.remove();
  });

  /** The first request is refused; who sent it shows in its header. */
  async function agentOf(settings: Pick<S3Connection, 'client'>): Promise<string | undefined> {
    const { port } = server.address() as AddressInfo; // it listens on TCP
    const connection = {
      endpoint: `http://127.0.0.1:${port}`,
      region: 'us-east-1',
      credentials: { accessKeyId: 'key', secretAccessKey: 'secret' },
      forcePathStyle: true,
      ...settings,
    };
    await expect(compose(place.plan(connection), silentLog)).rejects.toMatchObject({ kind: 'denied' });
    expect(agents).toHaveLength(1);
    return agents[0];
  }

  test('is our own where nothing is said', async () => {
    expect(await agentOf({})).toBeUndefined();
  });

  test('is the AWS SDK where the connection says so', async () => {
    expect(await agentOf({ client: 'sdk' })).toMatch(/^aws-sdk-js/);
  });
});
