import type { BadInput } from './bad-input.js';

/** Command lines of suites with a tree of the user's own, and of the mutation board. */
export const BAD_SUITE_INPUT: readonly BadInput[] = [
  {
    says: 'a missing --like',
    args: ['suite', 'integrity', '--like', 'none'],
    line: /none does not exist.*--like DIR/,
  },
  {
    says: 'a file as --like',
    args: ['suite', 'integrity', '--like', 'file'],
    line: /file is not a directory.*--like DIR/,
  },
  {
    says: 'an empty --like',
    args: ['suite', 'integrity', '--like', 'empty'],
    line: /holds nothing that can be replayed/,
  },
  {
    says: '--like without its suite',
    args: ['suite', 'range', '--like', 'full'],
    line: /--like belongs to the suite integrity/,
  },
  {
    says: 'the case of --like without it',
    args: ['suite', 'integrity', '--filter', 'like/*'],
    line: /replays a tree of yours.*--like DIR/,
  },
  {
    says: '--like without its case',
    args: ['suite', 'integrity', '--like', 'full', '--filter', 'trees'],
    line: /integrity:like\/tree, which is not chosen/,
  },
  {
    says: 'lanes of a suite',
    args: ['suite', 'posix', '--lanes', '3'],
    line: /--lanes has no effect without "selftest".*objectfs suite selftest/,
  },
  {
    says: 'a target of the mutation board',
    args: ['suite', 'selftest', '--target', 's3fs'],
    line: /--target has no effect with "selftest".*reference file system/,
  },
  {
    says: 'a baseline of the mutation board',
    args: ['suite', 'selftest', '--update-baseline'],
    line: /--update-baseline has no effect with "selftest"/,
  },
  {
    says: 'the mutation board for hours',
    args: ['suite', 'selftest', '--tier', 'soak'],
    line: /--tier soak has no effect with "selftest".*quick/,
  },
];
