import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../config/paths.js';
import {
  chooseInitFlags,
  INIT_FLAG,
  REFUSED_INIT_FLAGS,
  splitInitFlags,
  WANTED_INIT_FLAGS,
} from './init-flags.js';

describe('flags of INIT', () => {
  test('each flag is either wanted or refused with a reason', () => {
    const known = [...WANTED_INIT_FLAGS, ...Object.keys(REFUSED_INIT_FLAGS)].sort();
    expect(known).toEqual(Object.keys(INIT_FLAG).sort());
  });

  test('the documentation names each flag, and each refused one with its reason', () => {
    const text = readFileSync(join(packageRoot, 'docs', 'kernel-features.md'), 'utf8').replace(/ +/g, ' ');
    for (const name of WANTED_INIT_FLAGS) expect(text).toContain(`| \`${name}\` |`);
    for (const [name, reason] of Object.entries(REFUSED_INIT_FLAGS)) {
      expect(text).toContain(`| \`${name}\` | ${reason} |`);
    }
  });

  test('only what the kernel offers is chosen', () => {
    const offered = INIT_FLAG.BIG_WRITES | INIT_FLAG.WRITEBACK_CACHE | (1n << 60n);
    expect(chooseInitFlags(offered, true)).toBe(INIT_FLAG.BIG_WRITES);
    expect(chooseInitFlags(INIT_FLAG.PASSTHROUGH, false)).toBe(0n);
    expect(chooseInitFlags(INIT_FLAG.PASSTHROUGH, true)).toBe(INIT_FLAG.PASSTHROUGH);
  });

  test('the upper half travels apart', () => {
    expect(splitInitFlags(INIT_FLAG.DIRECT_IO_ALLOW_MMAP | 1n)).toEqual({ flags: 1, flags2: 16 });
  });
});
