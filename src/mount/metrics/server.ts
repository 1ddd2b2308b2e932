import { createServer } from 'node:http';
import { Failure } from '../../errors/failure.js';
import type { MountStatus } from '../observe/status.js';
import { METRICS_CONTENT_TYPE, metricsText } from './text.js';

export interface MetricsServer {
  /** `http://127.0.0.1:PORT/metrics` */
  readonly url: string;
  close(): Promise<void>;
}

/** The metrics name buckets and paths: they are for this machine only. */
const HOST = '127.0.0.1';

/**
 * Serves the metrics of a mount on a loopback port.
 *
 * @param port - 0 takes a free one.
 * @throws Failure `usage` where the port can not be had.
 */
export async function serveMetrics(port: number, status: () => Promise<MountStatus>): Promise<MetricsServer> {
  const server = createServer((request, response) => {
    if (request.url !== '/metrics' || request.method !== 'GET') {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('The metrics are at GET /metrics\n');
      return;
    }
    status().then(
      (found) => {
        response.writeHead(200, { 'content-type': METRICS_CONTENT_TYPE }).end(metricsText(found));
      },
      (reason: unknown) => {
        response.writeHead(500, { 'content-type': 'text/plain' }).end(`${Failure.from(reason).message}\n`);
      },
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => {
      const remedy = 'Name another port with --metrics-port, or 0 for a free one';
      reject(new Failure('usage', `Metrics on port ${port}: ${cause.message}`, { remedy, cause }));
    });
    server.listen(port, HOST, resolve);
  });
  const address = server.address();
  const taken = typeof address === 'object' && address !== null ? address.port : port;
  return {
    url: `http://${HOST}:${taken}/metrics`,
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}
