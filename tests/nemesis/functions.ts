import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { defineFunction, type FunctionContext } from '@agentloom/workflow'
import { z } from 'zod'
import { tell } from './witness-line.ts'

// What the nemesis has its workers do. Each execution writes a line when it begins and one when it leaves.

async function witnessed<T>(ctx: FunctionContext, ms: number, body: () => T): Promise<T> {
  tell('did', ctx)
  try {
    await sleep(ms, null, { signal: ctx.signal })
    return body()
  } finally {
    tell('left', ctx)
  }
}

const ms = z.number()

export const add = defineFunction({
  name: 'add',
  input: z.object({ n: z.number(), ms }),
  run: (input, ctx) => witnessed(ctx, input.ms, () => input.n + 1),
})

/** Fails as often as told; gives the number of the attempt that succeeded. */
export const stumble = defineFunction({
  name: 'stumble',
  input: z.object({ failures: z.number(), ms }),
  run: (input, ctx) =>
    witnessed(ctx, input.ms, () => {
      if (ctx.attempt <= input.failures) throw new Error(`attempt ${ctx.attempt} fails as told`)
      return ctx.attempt
    }),
})

export const sum = defineFunction({
  name: 'sum',
  input: z.object({ of: z.array(z.number()), ms }),
  run: (input, ctx) => witnessed(ctx, input.ms, () => input.of.reduce((all, one) => all + one, 0)),
})

export const large = defineFunction({
  name: 'large',
  input: z.object({ characters: z.number(), ms }),
  run: (input, ctx) =>
    witnessed(ctx, input.ms, () => `${ctx.runId} `.repeat(Math.ceil(input.characters / (ctx.runId.length + 1)))),
})

export const digest = defineFunction({
  name: 'digest',
  input: z.object({ text: z.string(), ms }),
  run: (input, ctx) => witnessed(ctx, input.ms, () => createHash('sha256').update(input.text).digest('hex')),
})

/** A step of a random plan: fails as told, else echoes its id and what it saw. */
export const scripted = defineFunction({
  name: 'scripted',
  input: z.object({ file: z.string(), fails: z.boolean(), saw: z.unknown() }),
  run: ({ fails, saw }, ctx) =>
    witnessed(ctx, 40, () => {
      if (fails) throw new Error(`${ctx.stepId} fails`)
      return `${ctx.stepId}(${String(saw)})`.slice(0, 200)
    }),
})
