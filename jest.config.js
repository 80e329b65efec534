import { existsSync } from 'node:fs'

const roots = ['src', 'test', 'examples'].filter((folder) => existsSync(folder))

/** @type {import('jest').Config} */
export default {
  testEnvironment: './test/runner/environment.js',
  reporters: [
    'default',
    './test/runner/skip-reasons-reporter.js',
    './test/runner/counts-reporter.js',
  ],
  roots: roots.map((folder) => `<rootDir>/${folder}`),
  testMatch: ['**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  // tsc checks types (`npm run check`); here they would be checked once per worker.
  transform: { '^.+\\.ts$': ['ts-jest', { useESM: true, diagnostics: false }] },
  // ts-jest rewrites './x.ts' to './x.js', which does not exist beside the source.
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  testTimeout: 30_000,
  maxWorkers: 2,
  // v8 counts outside the code; instrumented code would run slower and race differently.
  coverageProvider: 'v8',
  coverageReporters: ['text'],
  collectCoverageFrom: ['src/**/*.ts', '!src/**/index.ts'],
}
