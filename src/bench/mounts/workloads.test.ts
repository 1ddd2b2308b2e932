import { parseWorkloads } from './workloads.js';

const MIB = 1024 * 1024;

test('a workload of fio takes block size and jobs, and is another one by them', () => {
  const list = 'fio-seq-write,fio-rand-read:64MiB:bs=4KiB:jobs=4,fio-rand-read:jobs=4:bs=1MiB,read';
  const [write, small, large, read] = parseWorkloads(list);
  expect(write).toMatchObject({ amount: 64 * MIB, fio: { blockBytes: MIB, jobs: 1 }, temperature: 'warm' });
  expect(small).toMatchObject({
    id: 'fio-rand-read:bs=4KiB:jobs=4',
    name: 'fio-rand-read',
    amount: 64 * MIB,
    label: 'fio: read 64 MiB in random order, cold, blocks of 4 KiB, 4 jobs',
    fio: { blockBytes: 4096, jobs: 4 },
    temperature: 'cold',
  });
  expect(large).toMatchObject({ id: 'fio-rand-read:bs=1MiB:jobs=4', amount: 16 * MIB });
  expect(read).toMatchObject({ id: 'read' });
  expect(read).not.toHaveProperty('fio');
});

test('without a list, what needs fio is not among them', () => {
  const ids = parseWorkloads(undefined).map(({ id }) => id);
  expect(ids).toContain('reread');
  expect(ids.filter((id) => id.startsWith('fio'))).toEqual([]);
});

test.each([
  ['fio-seq-read,fio-seq-read:32MiB', /named twice/],
  ['fio-seq-read:bs=2KiB', /possible block/],
  ['fio-seq-read:bs=8MiB', /possible block/],
  ['fio-seq-read:bs=5000', /possible block/],
  ['fio-seq-read:jobs=0', /count of jobs/],
  ['fio-seq-read:jobs=1.5', /count of jobs/],
  ['fio-seq-read:jobs=', /count of jobs/],
  ['fio-seq-read:10MiB:bs=4MiB', /10 MiB are not the same number of blocks/],
  ['fio-seq-read:depth=4', /no option depth/],
  ['fio-seq-read:1MiB:2MiB', /2MiB says nothing/],
  ['read:bs=4KiB', /bs=4KiB says nothing to read/],
  ['read:1MiB:2MiB', /2MiB says nothing to read/],
  ['fio-read', /no workload "fio-read"/],
])('%s is a usage error', (list, message) => {
  expect(() => parseWorkloads(list)).toThrow(message);
});
