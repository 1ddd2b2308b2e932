/**
 * The layer rule of docs/architecture.md: arrows point down only. Each layer lists what it may import; everything
 * may import the base (errors, config, log, random, libc) and the report model, which is data only.
 */
const BASE = ['errors', 'config', 'log', 'random', 'libc'];
const LAYERS = {
  errors: [],
  config: ['errors'],
  log: ['errors', 'config'],
  random: [],
  libc: [],
  s3: BASE,
  emulator: [...BASE, 's3'],
  cache: [...BASE, 's3'],
  transfer: [...BASE, 's3'],
  fs: [...BASE, 's3', 'transfer', 'cache'],
  fuse: [...BASE, 'fs'],
  mount: [...BASE, 's3', 'transfer', 'cache', 'fs', 'fuse'],
  report: BASE,
  bench: [...BASE, 's3', 'transfer', 'report'],
  // Planted defects, loaded by the test board only; the published package is without them.
  planted: [...BASE, 's3', 'transfer', 'cache', 'emulator', 'fs'],
  harness: [...BASE, 's3', 'transfer', 'emulator', 'mount', 'bench', 'report'],
};

const TESTS = '[.]test[.]ts$|/testing/|/contract/';
const MODEL = '^src/report/model[.]ts$';

const layerRules = Object.entries(LAYERS).map(([layer, below]) => ({
  name: `layer-${layer}`,
  comment: `src/${layer} may import ${below.join(', ') || 'nothing of ours'}`,
  severity: 'error',
  from: { path: `^src/${layer}/`, pathNot: TESTS },
  to: { path: '^(src|suites)/', pathNot: [`^src/(${[layer, ...below].join('|')})/`, MODEL].join('|') },
}));

const pureRules = ['src/fuse/wire', 'src/fuse/abi', 'src/transfer/congestion', 'src/bench/statistics'].map(
  (folder) => ({
    name: `pure-${folder.replaceAll('/', '-')}`,
    comment: `${folder} does no I/O`,
    severity: 'error',
    from: { path: `^${folder}/`, pathNot: TESTS },
    to: {
      path: '^(node:)?(fs|net|tls|http|https|child_process|dgram|worker_threads|timers)(/|$)|node_modules/(koffi|undici|@aws-sdk|@smithy)/',
    },
  }),
);

module.exports = {
  forbidden: [
    ...layerRules,
    ...pureRules,
    {
      name: 'suites-are-black-box',
      comment: 'suites see the harness test API, Node built-ins and fast-check only',
      severity: 'error',
      from: { path: '^suites/', pathNot: TESTS },
      to: { pathNot: '^(suites/|src/harness/api/|node_modules/fast-check/)', dependencyTypesNot: ['core'] },
    },
    {
      name: 'no-cycles',
      comment: 'a cycle of value imports hides which room a line belongs to',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
  },
};
