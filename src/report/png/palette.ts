/** Colours of the pictures; the same hues as the light page. */
export const INK = '#1d2430';
export const MUTED = '#5d6675';
export const GRID = '#e4e7ec';
export const PAPER = '#ffffff';
export const FAMILY = 'ObjectFS Report';

export const ARM_COLOURS: Readonly<Record<string, string>> = {
  plain: '#9aa3b2',
  sdk: '#d9a441',
  optimized: '#0f766e',
  'objectfs-cp': '#57b3a6',
  rclone: '#4b6a9b',
  s3cmd: '#8a5a9e',
  aws: '#c8683b',
  s5cmd: '#7d8f2c',
};

export const STATE_COLOURS: Readonly<Record<string, string>> = {
  passed: '#2f8f5b',
  failed: '#c8372d',
  unsupported: '#a9b1bd',
  skipped: '#ccd2da',
  broken: '#8a3ffc',
  'expected-failure': '#d9a441',
  'unexpected-pass': '#e0700f',
  hung: '#7f1d1d',
};

export const VERDICT_COLOURS: Readonly<Record<string, string>> = {
  faster: '#0f766e',
  slower: '#c8372d',
  equivalent: '#4b6a9b',
  inconclusive: '#8d7a4c',
};

export const SIMULATED_PAPER = '#fdf3d7';
export const SIMULATED_INK = '#6b4a00';
