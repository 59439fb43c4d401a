import { existsSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { defineFunction } from '@agentloom/workflow'
import { z } from 'zod'

export const hello = defineFunction({
  name: 'hello',
  input: z.object({ who: z.string() }),
  run: ({ who }) => `hello ${who}`,
})

/** Goes on when there is a file of this name. */
export const waitForFile = defineFunction({
  name: 'wait-for-file',
  input: z.object({ file: z.string() }),
  async run({ file }, { signal }) {
    while (!existsSync(file)) await sleep(10, undefined, { signal })
    return 'found'
  },
})

/** Leaves a rejection and an exception behind that nobody catches, and succeeds. */
export const stray = defineFunction({
  name: 'stray',
  input: z.object({}),
  run() {
    void Promise.reject(new Error('let go'))
    setTimeout(() => {
      throw new Error('out of a timer')
    }, 1)
    return 'fine'
  },
})

export const broken = defineFunction({
  name: 'broken',
  input: z.object({}),
  run(): string {
    throw new Error('it broke')
  },
})
