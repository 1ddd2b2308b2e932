import * as fs from 'node:fs/promises';
import { describeMount } from '../harness/testing/mount-tests.js';
import { startMount } from './start.js';
import { statusOf } from './status.js';
import { serverAndPlaces } from './testing/mount-place.js';

/** A sample line of the text format: name, labels with escaped values, value. */
const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{((?:[a-z_]+="(?:[^"\\\n]|\\["\\n])*",?)*)\})? (\S+)$/;

interface Scraped {
  readonly types: ReadonlyMap<string, string>;
  readonly values: ReadonlyMap<string, number>;
}

/** Reads the format as Prometheus does: each family is declared before its samples, no sample comes twice. */
function scrape(text: string): Scraped {
  const types = new Map<string, string>();
  const values = new Map<string, number>();
  expect(text.endsWith('\n')).toBe(true);
  for (const line of text.slice(0, -1).split('\n')) {
    const type = /^# TYPE (\S+) (counter|gauge)$/.exec(line);
    if (type !== null) types.set(type[1] ?? '', type[2] ?? '');
    if (line.startsWith('#')) continue;
    const sample = SAMPLE.exec(line);
    const [, name = '', labels = '', value = ''] = sample ?? [];
    expect({ line, isSample: sample !== null, isDeclared: types.has(name) }).toEqual({
      line,
      isSample: true,
      isDeclared: true,
    });
    expect(values.has(`${name}{${labels}}`)).toBe(false);
    expect(Number.isFinite(Number(value))).toBe(true);
    expect(name.endsWith('_total')).toBe(types.get(name) === 'counter');
    values.set(`${name}{${labels}}`, Number(value));
  }
  return { types, values };
}

describeMount('the metrics of a mount', () => {
  const here = serverAndPlaces();

  test('are served on loopback in the Prometheus text format, and follow what is done', async () => {
    const mount = await startMount(here.place.plan(here.server.connection, { metricsPort: 0 }), {
      foreground: true,
    });
    try {
      const status = await statusOf(here.place.mountPoint);
      const url = status.state === 'running' ? (status.metricsUrl ?? '') : '';
      expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/metrics$/);
      await fs.writeFile(here.place.at('a'), 'twelve bytes');
      const open = await fs.open(here.place.at('b'), 'w');
      await open.write('unsaved');
      const reply = await fetch(url);
      expect(reply.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
      const { types, values } = scrape(await reply.text());
      await open.close();
      expect(types.get('objectfs_dirty_bytes')).toBe('gauge');
      const value = (name: string): number | undefined => values.get(name);
      expect(value('objectfs_dirty_bytes{}')).toBe(7);
      expect(value('objectfs_dirty_files{}')).toBe(1);
      expect(value('objectfs_operations_total{operation="write"}')).toBe(2);
      expect(value('objectfs_operation_errors_total{operation="lookup",errno="ENOENT"}')).toBeGreaterThan(0);
      expect(value('objectfs_s3_requests_total{operation="PutObject"}')).toBeGreaterThan(0);
      expect(value('objectfs_s3_sent_bytes_total{operation="PutObject"}')).toBeGreaterThan(11);
      expect(value('objectfs_s3_connections_opened_total{}')).toBeGreaterThan(0);
      expect(value('objectfs_s3_connections_reused_total{}')).toBeGreaterThan(0);
      expect(value('objectfs_s3_open_connections{address="127.0.0.1"}')).toBeGreaterThan(0);
      expect(value('objectfs_s3_connection_bytes_per_second{address="127.0.0.1"}')).toBeGreaterThan(0);
      expect(value('objectfs_s3_failing_seconds{}')).toBe(0);
      expect(value('process_resident_memory_bytes{}')).toBeGreaterThan(2 ** 20);
      expect([...values.keys()].find((key) => key.startsWith('objectfs_mount_info'))).toContain(
        `source="s3://mounted",mount_point="${here.place.mountPoint}"`,
      );
      expect((await fetch(url.replace('/metrics', '/'))).status).toBe(404);
    } finally {
      await mount.unmount();
    }
  });

  test('on a port that is taken are wrong use, and nothing is mounted', async () => {
    const metricsPort = Number(new URL(here.server.process.endpoint).port);
    await expect(
      startMount(here.place.plan(here.server.connection, { metricsPort }), { foreground: true }),
    ).rejects.toMatchObject({ kind: 'usage', remedy: expect.stringContaining('--metrics-port') as string });
  });
});
