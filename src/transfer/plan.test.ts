import fc from 'fast-check';
import { cutParts, downloadPartBytes, S3_LIMITS, uploadPartBytes } from './plan.js';

const MIB = 2 ** 20;
const TIB = 2 ** 40;

describe('the plan of an upload', () => {
  test('the part size is the chunk size, and never under what S3 takes', () => {
    const standard = { level: 'standard', chunkSize: 16 * MIB, connections: 8 } as const;
    expect(uploadPartBytes(64 * MIB, standard)).toBe(16 * MIB);
    expect(uploadPartBytes(64 * MIB, { ...standard, chunkSize: MIB })).toBe(5 * MIB);
    expect(uploadPartBytes(5 * TIB, standard)).toBe(Math.ceil((5 * TIB) / 10_000));
  });

  test('aggressive makes parts smaller until every connection has one', () => {
    const aggressive = { level: 'aggressive', chunkSize: 16 * MIB, connections: 8 } as const;
    expect(uploadPartBytes(64 * MIB, aggressive)).toBe(8 * MIB);
    expect(uploadPartBytes(20 * MIB, aggressive)).toBe(5 * MIB);
    expect(uploadPartBytes(1024 * MIB, aggressive)).toBe(16 * MIB);
    expect(downloadPartBytes(16 * MIB, aggressive)).toBe(2 * MIB);
  });

  test('what 10,000 parts can not hold is refused', () => {
    const standard = { level: 'standard', chunkSize: 16 * MIB, connections: 8 } as const;
    expect(() => uploadPartBytes(50 * TIB, standard)).toThrow(/do not fit/);
  });

  test('every plan keeps the limits of S3 and covers the object without gap or overlap', () => {
    const settings = fc.record({
      level: fc.constantFrom('standard' as const, 'aggressive' as const),
      chunkSize: fc.integer({ min: 0, max: 8 * 2 ** 30 }),
      connections: fc.integer({ min: 1, max: 256 }),
    });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 5 * TIB }), settings, (sizeBytes, plan) => {
        const partBytes = uploadPartBytes(sizeBytes, plan);
        expect(partBytes).toBeGreaterThanOrEqual(S3_LIMITS.minPartBytes);
        expect(partBytes).toBeLessThanOrEqual(S3_LIMITS.maxPartBytes);
        const parts = cutParts(sizeBytes, partBytes);
        expect(parts.length).toBeLessThanOrEqual(S3_LIMITS.maxParts);
        let next = 0;
        for (const part of parts) {
          const isRight = part.firstByte === next && part.lastByte - part.firstByte + 1 === part.sizeBytes;
          if (!isRight) throw new Error(`part ${part.index} is out of place`);
          next = part.lastByte + 1;
        }
        expect(next).toBe(sizeBytes);
      }),
    );
  });
});
