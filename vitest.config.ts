import { defineConfig } from 'vitest/config'

// Packages are tested from their sources: the condition is the one that `node --conditions=agentloom-source` uses.
const conditions = ['agentloom-source', 'node', 'import', 'module', 'default']

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  environments: { __vitest__: { resolve: { conditions } } }, // the one that globalSetup runs in
  test: {
    include: ['{apps,packages}/*/src/**/*.test.ts', '{tests,scripts}/**/*.test.ts'],
    maxWorkers: '100%', // by default a core is left alone, which on two makes half
    testTimeout: 20_000,
    hookTimeout: 60_000,
    globalSetup: ['tests/shared-redis.ts'],
  },
})
