import { execa } from 'execa';
import { heapFlags, mallocSettings } from './process-memory.js';

const MIB = 1024 * 1024;
const HUGE_PAGES = 'glibc.malloc.hugetlb=1';
const LARGE_APART = `glibc.malloc.mmap_threshold=${MIB}`;

test('a mount with a small limit collects sooner', () => {
  expect(heapFlags(64 * MIB)).toContain('--initial-heap-size=32');
  expect(heapFlags(512 * MIB)).toContain('--initial-heap-size=128');
});

test('a mount with room has huge pages below its blocks', () => {
  expect(mallocSettings(511 * MIB, {})).toEqual({ GLIBC_TUNABLES: LARGE_APART });
  expect(mallocSettings(512 * MIB, {})).toEqual({ GLIBC_TUNABLES: `${LARGE_APART}:${HUGE_PAGES}` });
});

test('what the user has set for the C library stays', () => {
  const own = 'glibc.malloc.check=0:glibc.malloc.hugetlb=0';
  expect(mallocSettings(512 * MIB, { GLIBC_TUNABLES: own })).toEqual({
    GLIBC_TUNABLES: `${LARGE_APART}:${own}`,
  });
});

test('Node takes the flags', async () => {
  for (const limit of [64 * MIB, 512 * MIB]) {
    const { stdout } = await execa(process.execPath, [...heapFlags(limit), '--print', '1'], {
      env: mallocSettings(limit, process.env),
    });
    expect(stdout).toBe('1');
  }
});
