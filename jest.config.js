/** Unit and seam tests: TypeScript straight from the source tree, as native ES modules. */
export default {
  testEnvironment: 'node',
  roots: ['<rootDir>/src'],
  testMatch: ['**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: { '\\.ts$': ['babel-jest', { configFile: './babel.config.json' }] },
  testTimeout: 30_000,
  // Tests wait for sockets and processes more than they compute; the default on two cores is one worker.
  maxWorkers: 2,
};
