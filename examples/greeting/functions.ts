// Handlers of the workflow beside this file: `agentloom worker --functions examples/greeting/functions.ts`.
import { defineFunction } from '@agentloom/workflow'
import { z } from 'zod'

export const greet = defineFunction({
  name: 'greet',
  input: z.object({ who: z.string() }),
  output: z.object({ text: z.string(), characters: z.int() }),
  run({ who }, ctx) {
    ctx.log('greeting', { who })
    const text = `Hello, ${who}!`
    return { text, characters: text.length }
  },
})

export const shout = defineFunction({
  name: 'shout',
  input: z.object({ text: z.string() }),
  output: z.string(),
  run: ({ text }) => text.toUpperCase(),
})
