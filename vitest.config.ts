import { defineConfig } from 'vitest/config'

// Packages are tested from their sources: the condition is the one that `node --conditions=agentloom-source` uses.
const conditions = ['agentloom-source', 'node', 'import', 'module', 'default']

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: ['{apps,packages}/*/src/**/*.test.ts', '{tests,scripts}/**/*.test.ts'],
    testTimeout: 20_000,
    hookTimeout: 60_000,
    execArgv: ['--conditions=agentloom-source'],
  },
})
