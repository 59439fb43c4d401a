// One thread of the simulator: runs the ranges of seeds that it is sent, perhaps over code with a mutation.

import { registerHooks } from 'node:module'
import { parentPort, workerData } from 'node:worker_threads'
import { mutated, mutants } from './mutants.ts'
import type { SeedRange } from './seeds.ts'

const { mutant: name } = workerData as { readonly mutant: string | null } // by pool.ts
const mutant = mutants.find((one) => one.name === name)
if (mutant !== undefined)
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context)
      return url.endsWith(mutant.file) ? { ...loaded, source: mutated(mutant, String(loaded.source)) } : loaded
    },
  })

const { runSeeds } = await import('./seeds.ts')
parentPort?.on('message', (range: SeedRange) => {
  parentPort?.postMessage(runSeeds(range))
})
