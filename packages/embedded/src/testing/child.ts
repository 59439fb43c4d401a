import { defineFunction } from '@agentloom/workflow'
import { appendFileSync } from 'node:fs'
import { z } from 'zod'
import { createEmbedded } from '../runtime/embedded.ts'
import { chainOf, executorsWith, planOf } from './plans.ts'

/**
 * A process of its own for the tests: `child.ts FOLDER LOG (start|resume) RUN LENGTH`. Each step writes a line to LOG when it
 * is called; `hang` as length gives one step that never ends. Tells its parent when the run is on disk and when it ended.
 */
const [folder = '', log = '', verb = 'start', runId = 'run', length = '10'] = process.argv.slice(2)

const work = defineFunction({
  name: 'work',
  input: z.object({ n: z.number() }),
  run: ({ n }, { epoch }) => {
    appendFileSync(log, `${n} ${epoch} ${process.pid}\n`)
    process.send?.(`called ${n}`)
    return n
  },
})
const hang = defineFunction({
  name: 'hang',
  input: z.object({}),
  run: () => {
    appendFileSync(log, `hang 1 ${process.pid}\n`)
    process.send?.('hanging')
    return new Promise<never>(() => undefined)
  },
})

await using embedded = await createEmbedded({ folder, executors: executorsWith([work, hang]) })
const plan =
  length === 'hang'
    ? planOf('name: hang\nsteps:\n  - {id: h, type: function, handler: hang}\n')
    : chainOf(Number(length), 'work')
const run = verb === 'resume' ? await embedded.resume(runId) : await embedded.start(plan, { runId })
process.send?.('live')
const { status } = await run.result()
process.send?.(status)
process.disconnect?.()
