import { Failure } from '../../errors/failure.js';
import { mutantsOf } from '../mutant.js';

/** Extended attributes. */
export const XATTR_MUTANTS = mutantsOf('fileSystem', [
  [
    'xattr-flags-ignored',
    'XATTR_CREATE replaces a value that is there',
    ['posix:xattr/eexist-on-create', 'posix:xattr/enodata-on-replace'],
    (sound) => ({
      setxattr: (ino, name, value, _flags, request) => sound.setxattr(ino, name, value, 0, request),
    }),
  ],
  [
    'xattr-value-ends-at-nul',
    'a value is cut at its first zero byte',
    ['posix:xattr/keeps-newlines-and-nul', 'posix:xattr/keeps-all-byte-values'],
    (sound) => ({
      setxattr: (ino, name, value, flags, request) => {
        const end = value.indexOf(0);
        return sound.setxattr(ino, name, end < 0 ? value : value.subarray(0, end), flags, request);
      },
    }),
  ],
  [
    'xattr-names-without-case',
    'names of attributes become lower case, as headers of S3 are',
    ['posix:xattr/names-keep-their-case'],
    (sound) => ({
      setxattr: (ino, name, ...rest) => sound.setxattr(ino, name.toLowerCase(), ...rest),
      getxattr: (ino, name, request) => sound.getxattr(ino, name.toLowerCase(), request),
    }),
  ],
  [
    'xattr-list-forgets-one',
    'the list of attributes lacks the last',
    ['posix:xattr/list-is-complete'],
    (sound) => ({ listxattr: async (...args) => (await sound.listxattr(...args)).slice(0, -1) }),
  ],
  [
    'xattr-remove-does-nothing',
    'a removed attribute stays',
    ['posix:xattr/remove'],
    () => ({ removexattr: () => Promise.resolve() }),
  ],
  [
    'xattr-wrong-errno',
    'an attribute that is not there is EIO instead of ENODATA',
    ['posix:xattr/enodata-on-a-missing-name'],
    (sound) => ({
      getxattr: (...args) =>
        sound.getxattr(...args).catch((reason: unknown) => {
          if (Failure.from(reason).errno !== 'ENODATA') throw reason;
          throw new Failure('internal', 'Planted: another errno');
        }),
    }),
  ],
]);
