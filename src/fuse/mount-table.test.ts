import { parseMountTable } from './mount-table.js';

test('the mount table gives paths with white space and optional fields', () => {
  const table = [
    '42 27 0:39 / /mnt/my\\040bucket rw,nosuid shared:7 master:1 - fuse.objectfs s3://b/p\\040q rw,user_id=0',
    '21 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw',
    'broken line',
    '',
  ].join('\n');
  expect(parseMountTable(table)).toEqual([
    {
      mountPoint: '/mnt/my bucket',
      device: '0:39',
      type: 'fuse.objectfs',
      source: 's3://b/p q',
      options: 'rw,user_id=0',
    },
    { mountPoint: '/', device: '8:1', type: 'ext4', source: '/dev/sda1', options: 'rw' },
  ]);
});

test('a path of other bytes than ASCII is read as UTF-8', () => {
  const line = Buffer.from('42 27 0:39 / /mnt/\u00e9 rw - fuse.objectfs s rw').toString('latin1');
  expect(parseMountTable(line)[0]?.mountPoint).toBe('/mnt/\u00e9');
});
