import { PEERS } from './index.js';
import type { PeerPlace } from './peer.js';
import { targetName } from './peer-target.js';

const SECRET = 'verysecretverysecret';
const PLACE: PeerPlace = {
  bucket: 'demo',
  prefix: '',
  endpoint: 'http://127.0.0.1:9000',
  region: 'eu-west-1',
  forcePathStyle: true,
  credentials: { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: SECRET, sessionToken: 'tokentoken' },
  mountPoint: '/run/mount',
  folder: '/run',
  cacheFolder: '/run/cache',
  allowOther: true,
};
const VARIANTS = PEERS.flatMap((peer) =>
  peer.variants.map((variant) => ({ name: targetName(peer, variant), peer, variant })),
);

function lineOf(name: string, over: Partial<PeerPlace> = {}): string {
  const found = VARIANTS.find((entry) => entry.name === name);
  return found?.variant.command({ ...PLACE, ...over }).arguments.join(' ') ?? '';
}

describe('the command line of a peer', () => {
  test.each(VARIANTS)('$name names bucket, mount point and endpoint, and shows no secret', ({ variant }) => {
    for (const credentials of [PLACE.credentials, { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: SECRET }]) {
      const command = variant.command({ ...PLACE, credentials });
      const line = [...command.arguments, ...(command.setup ?? [])].join(' ');
      const files = Object.values(command.files ?? {}).join('\n');
      expect(line).toContain('/run/mount');
      expect(line + files).toContain('demo');
      expect(line + files).toContain('http://127.0.0.1:9000');
      expect(line).not.toContain(SECRET);
      expect(line).not.toContain('tokentoken');
      expect(files + Object.values(command.environment).join('\n')).toContain(SECRET);
    }
  });

  test.each([
    ['s3fs', '-o use_path_request_style'],
    ['rclone:full', '--vfs-cache-mode full'],
    ['mountpoint-s3', 'demo /run/mount --foreground --allow-delete --allow-overwrite --region eu-west-1'],
    ['mountpoint-s3', '--endpoint-url http://127.0.0.1:9000 --force-path-style --allow-other'],
    ['goofys', '-f --endpoint http://127.0.0.1:9000 --region eu-west-1 -o allow_other demo /run/mount'],
    ['geesefs', '-f --endpoint http://127.0.0.1:9000 --region eu-west-1 -o allow_other demo /run/mount'],
    ['juicefs', '-o allow_other sqlite3:///run/juicefs.db /run/mount'],
  ])('%s is as documented: %s', (name, part) => {
    expect(lineOf(name)).toContain(part);
  });

  test.each([
    ['s3fs', 'demo:/a/b '],
    ['rclone', 'peer:demo/a/b '],
    ['mountpoint-s3', '--prefix a/b/'],
    ['goofys', 'demo:a/b '],
    ['geesefs', 'demo:a/b '],
  ])('%s mounts a part of a bucket: %s', (name, part) => {
    expect(lineOf(name, { prefix: 'a/b/' })).toContain(part);
  });

  test.each(['s3fs', 'mountpoint-s3', 'goofys', 'geesefs'])('%s lets others in only where asked', (name) => {
    expect(lineOf(name)).toMatch(/allow[_-]other/);
    expect(lineOf(name, { allowOther: false })).not.toMatch(/allow[_-]other/);
  });
});
