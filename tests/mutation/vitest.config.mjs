import { defineConfig, mergeConfig } from 'vitest/config'
import root from '../../vitest.config.ts'
import { planted } from './mutants.ts'

// The repository's tests, over code in which one place is changed: AGENTLOOM_MUTANT says which.
/** @type {import('./mutants.ts').Mutant} */
const mutant = JSON.parse(process.env['AGENTLOOM_MUTANT'] ?? '{}')

export default mergeConfig(
  root,
  defineConfig({
    root: new URL('../..', import.meta.url).pathname,
    test: { fsModuleCache: false }, // what is cached is another text
    plugins: [
      {
        name: 'mutant',
        enforce: 'pre',
        transform: (text, id) => (id.split('?')[0]?.endsWith(mutant.file) ? planted(mutant, text) : null),
      },
    ],
  }),
)
