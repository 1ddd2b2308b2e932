import { HERE, type BadInput } from './bad-input.js';

/** Command lines of the kinds of bench that move no objects by arms in blocks. */
export const BAD_BENCH_INPUT: readonly BadInput[] = [
  {
    says: 'days of a cost that are none',
    args: ['bench', '--cost', '--keep-days', '0'],
    line: /--keep-days takes days, not 0.*above 0/,
  },
  {
    says: 'a cost over a link',
    args: ['bench', '--cost', '--link', 'home'],
    line: /--link has no effect with --cost.*measures nothing/,
  },
  {
    says: 'days without a cost',
    args: ['bench', '--keep-days', '30'],
    line: /--keep-days has no effect without --cost/,
  },
  {
    says: 'a rate of requests that is none',
    args: ['bench', '--requests-per-second', '0'],
    line: /--requests-per-second takes a number above 0, not 0/,
  },
  {
    says: 'a rate of requests of another server',
    args: ['bench', '--requests-per-second', '100', ...HERE],
    line: /--endpoint has no effect with --requests-per-second|is a limit of the embedded server/,
  },
  {
    says: 'claims of a link of which nothing is claimed',
    args: ['bench', '--claims', '--link', 'mobile'],
    line: /Nothing is claimed of the link mobile.*Links with claims: same-region/,
  },
  {
    says: 'claims at another server',
    args: ['bench', '--claims', ...HERE],
    line: /--endpoint has no effect with --claims|needs the links of the embedded server/,
  },
];
