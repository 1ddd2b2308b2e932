import fc from 'fast-check';
import { metadataBytes, readPosix, withoutContentFacts, writePosix, type Posix } from './posix.js';
import { parseModeText, parseOctalMode } from './mode-text.js';
import { formatSeconds, parseAwsTime, parseTime } from './time-text.js';

const DEFAULTS = { uid: 7, gid: 8, timeNs: 42_000_000_000n };

describe('the mode text of s3fs, geesefs, rclone and AWS', () => {
  test.each([
    ['33188', false, 0o100644, 's3fs file'],
    ['16877', true, 0o040755, 's3fs directory'],
    ['41471', false, 0o120777, 's3fs symlink, a sticky directory in octal'],
    ['100644', false, 0o100644, 'rclone file, over 65535'],
    ['100755', false, 0o100755, 'rclone file with execute bits'],
    ['40755', true, 0o040755, 'rclone directory, no type in decimal'],
    ['40755', false, 0o040755, 'octal by its type bits alone'],
    ['41777', true, 0o041777, 'octal sticky directory, a symlink in decimal'],
    ['42755', true, 0o042755, 'octal set-group-id directory'],
    ['10644', false, 0o010644, 'octal fifo, a set-id device in decimal'],
    ['20666', false, 0o020666, 'octal character device'],
    ['60660', false, 0o060660, 'octal block device'],
    ['140755', false, 0o140755, 'octal socket'],
    ['0644', false, 0o644, 'leading zero is octal'],
    ['0100644', false, 0o100644, 'leading zero with type bits'],
    ['420', false, 0o644, 'decimal without type bits'],
    ['755', false, 0o755, 'octal: in decimal it would have special bits'],
    ['8612', false, 0o020644, 's3fs character device'],
    ['0', false, 0, 'zero'],
  ])('%s (key of a directory: %s) is %o: %s', (text, keyIsDirectory, mode) => {
    expect(parseModeText(text, keyIsDirectory)).toBe(mode);
  });

  test.each(['', 'rw-r--r--', '-1', '1e3', '99999999', '0x1ff', '777777'])('"%s" is no mode', (text) => {
    expect(parseModeText(text, false)).toBeUndefined();
  });

  test('AWS permissions are octal with and without type bits', () => {
    expect(parseOctalMode('0100644')).toBe(0o100644);
    expect(parseOctalMode('0644')).toBe(0o644);
    expect(parseOctalMode('755')).toBe(0o755);
    expect(parseOctalMode('0899')).toBeUndefined();
  });
});

describe('the time text', () => {
  test.each([
    ['1700000000', 1_700_000_000_000_000_000n],
    ['1700000000.5', 1_700_000_000_500_000_000n],
    ['1700000000.000000005', 1_700_000_000_000_000_005n],
    ['0', 0n],
    ['-1', -1_000_000_000n],
    ['-1.5', -1_500_000_000n],
    ['-2.500000000', -1_500_000_000n],
    ['2023-11-14T22:13:20.25Z', 1_700_000_000_250_000_000n],
    ['2023-11-14T23:13:20+01:00', 1_700_000_000_000_000_000n],
  ])('%s is %s ns', (text, timeNs) => {
    expect(parseTime(text)).toBe(timeNs);
  });

  test.each(['', 'yesterday', '1.', '1,5', 'NaN'])('"%s" is no time', (text) => {
    expect(parseTime(text)).toBeUndefined();
  });

  test('AWS times are milliseconds, or nanoseconds by suffix', () => {
    expect(parseAwsTime('1700000000123')).toBe(1_700_000_000_123_000_000n);
    expect(parseAwsTime('1700000000123456789ns')).toBe(1_700_000_000_123_456_789n);
  });

  test('every nanosecond from 1678 to 2262 survives writing and reading', () => {
    fc.assert(
      fc.property(fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n), (timeNs) => {
        expect(parseTime(formatSeconds(timeNs))).toBe(timeNs);
      }),
    );
  });
});

describe('POSIX attributes of an object', () => {
  test('an object without metadata gets the defaults', () => {
    expect(readPosix({}, false, DEFAULTS)).toMatchObject({
      mode: 0o100644,
      uid: 7,
      gid: 8,
      mtimeNs: 42_000_000_000n,
      ctimeNs: 42_000_000_000n,
    });
    expect(readPosix({}, true, DEFAULTS).mode).toBe(0o040755);
  });

  test('AWS names are read where those of s3fs are absent', () => {
    const metadata = {
      'file-permissions': '0100600',
      'file-owner': '1',
      'file-group': '2',
      'file-mtime': '5ns',
    };
    expect(readPosix(metadata, false, DEFAULTS)).toMatchObject({
      mode: 0o100600,
      uid: 1,
      gid: 2,
      mtimeNs: 5n,
    });
    const both = { ...metadata, mode: '33188', uid: '3', mtime: '9' };
    expect(readPosix(both, false, DEFAULTS)).toMatchObject({
      mode: 0o100644,
      uid: 3,
      mtimeNs: 9_000_000_000n,
    });
  });

  test('what is written is read back the same', () => {
    const id = fc.integer({ min: 0, max: 0xffffffff });
    const time = fc.bigInt(-(2n ** 62n), 2n ** 62n);
    const posix = fc.record({
      mode: fc.integer({ min: 0, max: 0o7777 }).map((bits) => 0o100000 | bits),
      uid: id,
      gid: id,
      rdev: id,
      atimeNs: time,
      mtimeNs: time,
      ctimeNs: time,
      xattrs: fc
        .array(fc.tuple(fc.string({ minLength: 1 }), fc.uint8Array()))
        .map((pairs) => new Map(pairs.filter(([name]) => name !== '__proto__'))),
    });
    fc.assert(
      fc.property(posix, (value: Posix) => {
        const back = readPosix(writePosix(value), false, DEFAULTS);
        const plain = (xattrs: Posix['xattrs']): unknown =>
          Object.fromEntries([...xattrs].map(([name, bytes]) => [name, Buffer.from(bytes).toString('hex')]));
        expect({ ...back, xattrs: plain(back.xattrs) }).toEqual({ ...value, xattrs: plain(value.xattrs) });
      }),
    );
  });

  test('foreign names stay, and AWS names that were there are restated', () => {
    const posix = readPosix({}, false, DEFAULTS);
    const written = writePosix(posix, { colour: 'red', mode: '1', 'file-owner': '99', xattr: 'not ours' });
    expect(written).toMatchObject({ colour: 'red', mode: '33188', 'file-owner': '7', xattr: 'not ours' });
    expect(written['file-group']).toBeUndefined();
  });

  test('a digest of the old bytes does not stay with new ones', () => {
    expect(withoutContentFacts({ md5chksum: 'x', colour: 'red' })).toEqual({ colour: 'red' });
  });

  test('the length that S3 counts includes names', () => {
    expect(metadataBytes({ a: 'bc' })).toBe('x-amz-meta-a'.length + 2);
  });
});
