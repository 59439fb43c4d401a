import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { defineFunction } from '@agentloom/workflow'
import { z } from 'zod'
import { tell } from '../witness-line.ts'

/** Holds its step until somebody else takes it over, or cancels it. */
export const hold = defineFunction({
  name: 'hold',
  input: z.object({ ms: z.number() }),
  async run({ ms }, ctx) {
    tell('did', ctx)
    try {
      if (ctx.epoch === 1) await sleep(ms, null, { signal: ctx.signal })
    } finally {
      tell('left', ctx)
    }
    return ctx.epoch
  },
})

export const work = defineFunction({
  name: 'work',
  input: z.object({ ms: z.number() }),
  async run({ ms }, ctx) {
    tell('did', ctx)
    await sleep(ms, null, { signal: ctx.signal })
    return null
  },
})

export const nothing = defineFunction({ name: 'nothing', input: z.object({}), run: () => null })

export const text = defineFunction({
  name: 'text',
  input: z.object({ bytes: z.number() }),
  run: ({ bytes }, { runId }) => `${runId} `.repeat(Math.ceil(bytes / (runId.length + 1))).slice(0, bytes),
})

const RESOLUTION_MS = 1
const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
delays.enable()

/** How late this process was, since it was asked last. */
export const delay = defineFunction({
  name: 'delay',
  input: z.object({}),
  run: () => {
    const [p50, p99, max] = [delays.percentile(50), delays.percentile(99), delays.max].map(
      (ns) => ns / 1e6 - RESOLUTION_MS,
    )
    delays.reset()
    return { p50, p99, max }
  },
})
