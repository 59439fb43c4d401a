import { createEmbedded } from '@agentloom/embedded'
import { Chains, executorsIn } from './chain.ts'
import { CONCURRENCY, type Load, type LoadKind, type Place } from './load.ts'

/** The journal alone, which is the truth of a run. */
export const agentloomEmbedded: LoadKind = {
  key: 'agentloom-embedded',
  title: 'agentloom embedded',
  store: 'sqlite',
  open: (place) => openEmbedded(place, false),
}

/** As it is by default: each run that ends also gets a checkpoint file, synced, in the background. */
export const embeddedCheckpoints: LoadKind = {
  key: 'embedded-checkpoints',
  title: 'agentloom embedded, a file per run too',
  store: 'sqlite',
  open: (place) => openEmbedded(place, true),
}

async function openEmbedded({ folder }: Place, checkpoints: boolean): Promise<Load> {
  const chains = new Chains()
  const embedded = await createEmbedded({
    folder,
    executors: executorsIn(folder),
    concurrency: CONCURRENCY,
    checkpoints,
  })
  return {
    async run(length) {
      const run = await embedded.start(chains.of(length))
      const { status, steps } = await run.result()
      if (status !== 'success' || steps.length !== length) throw new Error(`run ${run.id} ended as ${status}`)
    },
    close: () => embedded.close(),
  }
}
