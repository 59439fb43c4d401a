import { existsSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { defineFunction } from '@agentloom/workflow'
import { z } from 'zod'
import { misbehaviours } from './misbehaviours.ts'

// The functions of the workers under test.

export const misbehave = defineFunction({
  name: 'misbehave',
  input: z.object({ row: z.string() }),
  run: ({ row }, ctx) => misbehaviours.find(({ name }) => name === row)?.behave(ctx),
})

export const wellBehaved = defineFunction({
  name: 'well-behaved',
  input: z.object({ text: z.string().default('fine') }),
  run: ({ text }) => text,
})

let abortCount = 0

/** Never ends; whether its signal fired tells `abort-count`. */
export const forgetful = defineFunction({
  name: 'forgetful',
  input: z.unknown(),
  run: (_input, { signal }) => {
    signal.addEventListener('abort', () => (abortCount += 1))
    return new Promise<never>(() => undefined)
  },
})

export const abortCounter = defineFunction({ name: 'abort-count', input: z.unknown(), run: () => abortCount })

/** D28: the input is a copy, so that spoiling it reaches nobody. */
export const spoil = defineFunction({
  name: 'spoil',
  input: z.object({ list: z.array(z.number()) }),
  run(input) {
    input.list.push(99)
    return input.list.length
  },
})

/** Takes the whole process along, the first time. */
export const deadly = defineFunction({
  name: 'deadly',
  input: z.object({ way: z.enum(['exit', 'kill', 'loop', 'then']) }),
  run({ way }, { epoch }): unknown {
    if (epoch > 1) return 'survived'
    switch (way) {
      case 'exit':
        return process.exit(0)
      case 'kill':
        return process.kill(process.pid, 'SIGKILL')
      case 'loop':
        for (;;) continue
      case 'then': {
        // oxlint-disable-next-line unicorn/no-thenable -- the misbehaviour itself
        const endless = { then: (resolve: (value: unknown) => void) => resolve(endless) }
        return endless
      }
      default:
        return way satisfies never
    }
  },
})

/** Ends when the file is there. */
export const patient = defineFunction({
  name: 'patient',
  input: z.object({ file: z.string() }),
  async run({ file }, { signal, epoch }) {
    while (!existsSync(file)) await sleep(20, null, { signal })
    return epoch
  },
})
