import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { SecondTries } from './test/support/second-tries.js'

const source = (path: string): string => fileURLToPath(new URL(`./packages/${path}`, import.meta.url))

/** Two files at once, also on two cores: most of them wait for something. All other projects run one by one, before. */
const TWO_AT_ONCE = { maxWorkers: 2, sequence: { groupOrder: 1 } }

/** Tests run against the sources, so that a failing test needs no build to be fixed; the command and the page are built. */
export default defineConfig({
  resolve: {
    alias: [
      { find: /^@cuemux\/source\/node$/, replacement: source('source/src/node.ts') },
      { find: /^cuemux$/, replacement: source('cuemux/src/index.ts') },
      { find: /^@cuemux\/([a-z0-9]+)$/, replacement: source('$1/src/index.ts') },
    ],
  },
  test: {
    // Browsers, servers and encoders run on a machine that does other work too. What needs a second try is named at the end.
    retry: 1,
    reporters: [new SecondTries(), 'default'],
    projects: [
      {
        extends: true,
        test: {
          name: 'units',
          include: ['packages/*/src/**/*.test.ts'],
          testTimeout: 30_000,
          ...TWO_AT_ONCE,
        },
      },
      {
        extends: true,
        test: {
          name: 'conformance',
          include: ['test/{conformance,hls-check,docs}/**/*.test.ts'],
          testTimeout: 300_000,
          hookTimeout: 300_000,
          ...TWO_AT_ONCE,
        },
      },
      {
        extends: true,
        test: {
          name: 'examples',
          include: ['examples/**/*.test.ts', 'test/examples/**/*.test.ts'],
          testTimeout: 120_000,
        },
      },
      { extends: true, test: { name: 'faults', include: ['test/faults/**/*.test.ts'], testTimeout: 60_000 } },
      {
        extends: true,
        test: {
          name: 'load',
          include: ['test/load/**/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 300_000,
          fileParallelism: false,
        },
      },
      {
        extends: true,
        test: {
          name: 'browser',
          include: ['test/browser/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
    ],
  },
})
