import { readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makePlace, startObjectfs, until, type Place } from './testing/command-line.js';

const MIB = 2 ** 20;
const OBJECT_BYTES = 512 * MIB;
/** What a copy may hold beside the parts that are in flight. */
const MARGIN_BYTES = 64 * MIB;
/** `transfer.connections` parts of what the plan chooses for an object of this size. */
const IN_FLIGHT_BYTES = 8 * 16 * MIB;

/** At the end of a process: its own peak, which unlike ru_maxrss has nothing of who started it (proc(5), VmHWM). */
const NOTES_PEAK = `data:text/javascript,${encodeURIComponent(
  `import { readFileSync, writeFileSync } from 'node:fs';
   process.on('exit', () => writeFileSync(process.env.PEAK_FILE, readFileSync('/proc/self/status')));`,
)}`;

/** By the real program; the embedded server is a process of its own and keeps its objects on the disk. */
describe('the memory of objectfs cp', () => {
  let place: Place;
  let server: ReturnType<typeof startObjectfs>;
  let environment: Readonly<Record<string, string>>;

  beforeAll(async () => {
    place = await makePlace();
    const data = join(place.folder, 'data');
    server = startObjectfs(place, ['serve', '--port', '0', '--bucket', 'big', '--data', data]);
    let told = '';
    server.stdout.on('data', (chunk: Buffer) => (told += chunk.toString()));
    await until('the server', () => told.includes('AWS_SECRET_ACCESS_KEY'));
    environment = Object.fromEntries(
      [...told.matchAll(/export (\w+)='([^']*)'/g)].map(([, name = '', value = '']) => [name, value]),
    );
    await writeFile(join(place.work, 'small'), 'x');
    await writeFile(join(place.work, 'large'), '');
    await truncate(join(place.work, 'large'), OBJECT_BYTES);
  });

  afterAll(async () => {
    server.kill('SIGTERM');
    await server;
    await place.remove();
  });

  async function peakOf(level: string, from: string, to: string): Promise<number> {
    const peakFile = join(place.folder, 'peak');
    const { exitCode, stderr } = await startObjectfs(place, ['cp', from, to, '--level', level], {
      environment: { ...environment, NODE_OPTIONS: `--import ${NOTES_PEAK}`, PEAK_FILE: peakFile },
    });
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
    const kib = /^VmHWM:\s+(\d+) kB$/m.exec(await readFile(peakFile, 'utf8'))?.[1];
    return Number(kib) * 1024;
  }

  test.each(['standard', 'aggressive'])(
    'of 512 MiB at level %s is that of its parts in flight and 64 MiB more at most, both ways',
    async (level) => {
      const idleUp = await peakOf(level, 'small', 's3://big/small');
      const up = await peakOf(level, 'large', 's3://big/large');
      const idleDown = await peakOf(level, 's3://big/small', 'small.back');
      const down = await peakOf(level, 's3://big/large', 'large.back');
      await rm(join(place.work, 'large.back'));
      // The client of `aggressive` reads parts while it sends them.
      const heldBytes = level === 'aggressive' ? 0 : IN_FLIGHT_BYTES;
      expect(up - idleUp).toBeLessThanOrEqual(heldBytes + MARGIN_BYTES);
      expect(down - idleDown).toBeLessThanOrEqual(IN_FLIGHT_BYTES + MARGIN_BYTES);
    },
    120_000,
  );
});
