import { execa } from 'execa';
import * as fs from 'node:fs/promises';
import { join } from 'node:path';
import { compiledModule, packageRoot } from '../config/paths.js';
import { describeMount } from '../harness/testing/mount-tests.js';
import { statusOf } from './status.js';
import { until, serverAndPlaces } from './testing/mount-place.js';

const HELPER = join(packageRoot, 'scripts/mount.objectfs');

describeMount('mount.objectfs, the helper of mount(8)', () => {
  const here = serverAndPlaces();
  let environment: Record<string, string>;

  beforeEach(async () => {
    const { accessKeyId, secretAccessKey } = here.server.process.credentials;
    const credentials = `[data]\naws_access_key_id=${accessKeyId}\naws_secret_access_key=${secretAccessKey}\n`;
    await fs.writeFile(join(here.place.folder, 'credentials'), credentials, { mode: 0o600 });
    environment = {
      PATH: process.env['PATH'] ?? '',
      OBJECTFS: `${process.execPath} ${compiledModule('src/cli/main.js')}`,
      AWS_EC2_METADATA_DISABLED: 'true',
    };
  });

  const options = (...more: readonly string[]): string =>
    [
      `endpoint=${here.server.process.endpoint}`,
      `credentials=${join(here.place.folder, 'credentials')}`,
      'profile=data',
      `cache_dir=${join(here.place.folder, 'cache')}`,
      `log_file=${join(here.place.folder, 'log')}`,
      ...more,
    ].join(',');

  const run = (program: string, args: readonly string[]) =>
    execa(program, args, {
      env: environment,
      extendEnv: false,
      reject: false,
      stdin: 'ignore',
      timeout: 60_000,
    });

  const isGone = async (pid: number): Promise<true | undefined> =>
    fs.access(`/proc/${pid}`).then(
      () => undefined,
      () => true as const,
    );

  async function pidOfMount(): Promise<number> {
    const status = await statusOf(here.place.mountPoint);
    return status.state === 'running' ? status.pid : 0;
  }

  test('mounts with the options of an fstab line, and umount(8) saves what was written', async () => {
    const line = options('_netdev,noauto,x-systemd.automount,rw,noexec,noatime', 'metrics_port=0');
    const mounted = await run(HELPER, ['s3://mounted/helper', here.place.mountPoint, '-n', '-s', '-o', line]);
    expect({ exitCode: mounted.exitCode, stderr: mounted.stderr }).toMatchObject({ exitCode: 0 });
    expect(await statusOf(here.place.mountPoint)).toMatchObject({
      source: 's3://mounted/helper',
      readOnly: false,
      metricsUrl: expect.stringContaining('http://127.0.0.1') as string,
      logFile: join(here.place.folder, 'log'),
    });
    const table = await fs.readFile('/proc/self/mounts', 'utf8');
    const flags =
      table
        .split('\n')
        .find((text) => text.includes(here.place.mountPoint))
        ?.split(' ')[3] ?? '';
    expect(flags.split(',')).toEqual(expect.arrayContaining(['nosuid', 'nodev', 'noexec', 'noatime']));
    await fs.writeFile(here.place.at('written'), 'kept');
    const pid = await pidOfMount();
    expect(await run('umount', [here.place.mountPoint])).toMatchObject({ exitCode: 0 });
    await until('the end of the daemon', () => isGone(pid));
    expect((await here.server.store.head('helper/written')).sizeBytes).toBe(4);
  }, 60_000);

  test('is found by mount -t objectfs, in a mount name space that has it in /sbin', async () => {
    // The rest of the machine does not see this /sbin, nor the mount.
    const script = [
      'set -e; mount --make-rprivate /',
      'mkdir "$1/upper" "$1/work"; sbin=$(readlink -f /sbin)',
      'mount -t tmpfs none "$1/upper"; mkdir "$1/upper/new"; cp -a "$sbin/." "$1/upper/new/"',
      'cp "$2" "$1/upper/new/mount.objectfs"; mount --bind "$1/upper/new" "$sbin"',
      'mount -t objectfs s3://mounted/typed "$3" -o "ro,$4"',
      'grep " $3 fuse.objectfs ro," /proc/self/mounts; cat "$3/seen"; echo',
      '$OBJECTFS status "$3" --json; umount "$3"',
    ].join('\n');
    await here.server.store.put('typed/seen', Buffer.from('through mount -t'));
    const { folder, mountPoint } = here.place;
    const { stdout, stderr } = await run('unshare', [
      '-m',
      'sh',
      '-c',
      script,
      'sh',
      folder,
      HELPER,
      mountPoint,
      options(),
    ]);
    expect({ stdout, stderr }).toMatchObject({
      stdout: expect.stringMatching(/fuse\.objectfs ro,.*\nthrough mount -t\n/) as string,
    });
    const pid = Number(/"pid": ?(\d+)/.exec(stdout)?.[1]);
    expect(pid).toBeGreaterThan(1);
    await until('the end of the daemon', () => isGone(pid));
    await fs.rm(join(folder, 'upper'), { recursive: true });
  }, 60_000);

  test.each([
    [['s3://mounted', 'DIR', '-o', 'no_such_option'], 1, /unknown option no_such_option/],
    [['s3://mounted'], 1, /usage/],
    [['s3://no-such-bucket', 'DIR', '-o', 'OPTIONS'], 32, /no-such-bucket/],
    [['s3://mounted', 'DIR', '-f', '-o', 'OPTIONS'], 0, /^$/],
  ])(
    '%j ends with %i, as mount(8) wants it, and mounts nothing',
    async (args, exitCode, says) => {
      const given = args.map((arg) =>
        arg === 'DIR' ? here.place.mountPoint : arg === 'OPTIONS' ? options() : arg,
      );
      const result = await run(HELPER, given);
      expect({ exitCode: result.exitCode, stderr: result.stderr }).toEqual({
        exitCode,
        stderr: expect.stringMatching(says) as string,
      });
    },
    60_000,
  );
});
