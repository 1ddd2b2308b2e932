/** Unit and seam tests: TypeScript straight from the source tree, as native ES modules. */
export default {
  testEnvironment: 'node',
  roots: ['<rootDir>/src'],
  testMatch: ['**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: { '\\.ts$': ['babel-jest', { configFile: './babel.config.json' }] },
  testTimeout: 30_000,
  // Tests wait for sockets, processes and kernels about as long as they compute: three workers fill two cores, where the
  // default is one worker.
  maxWorkers: 3,
};
