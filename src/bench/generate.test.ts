import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import fc from 'fast-check';
import { generateBytes, generateFile, generateStream } from './generate.js';

const MIB = 1024 * 1024;

describe('generated content', () => {
  test('buffer, stream and file of one seed hold the same bytes, and the digest is theirs', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'objectfs-generate-'));
    try {
      const length = 3 * MIB + 17;
      const bytes = generateBytes(5, length);
      const path = join(folder, 'content');
      const sha256 = await generateFile(path, 5, length);
      expect(bytes.length).toBe(length);
      expect(bytes.equals(await readFile(path))).toBe(true);
      expect(bytes.equals(await buffer(generateStream(5, length)))).toBe(true);
      expect(sha256).toBe(createHash('sha256').update(bytes).digest('hex'));
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test('a shorter content is the beginning of a longer one, and seeds differ', () => {
    fc.assert(
      fc.property(fc.integer(), fc.nat(5000), fc.nat(5000), (seed, a, b) => {
        const [short, long] = [Math.min(a, b), Math.max(a, b)];
        expect(generateBytes(seed, long).subarray(0, short).equals(generateBytes(seed, short))).toBe(true);
      }),
      { seed: 2, numRuns: 50 },
    );
    expect(generateBytes(1, 64).equals(generateBytes(2, 64))).toBe(false);
  });

  test('the content of a seed is fixed for ever, because reports name it', () => {
    expect(generateBytes(1, 8).toString('hex')).toBe('9c910047bd11e637');
  });
});
