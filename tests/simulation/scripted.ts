import { defineFunction, type FunctionDefinition } from '@agentloom/workflow'
import { functionsOf, type Executors, type Models, type ToolBox } from '@agentloom/engine'
import { z } from 'zod'
import type { SimProcess } from './process.ts'
import type { World } from './world.ts'

const input = z.object({ id: z.string(), fails: z.int(), saw: z.unknown() })

/** What a model's answer costs. */
const COST_NANO_USD = 400_000_000

/** What a worker does for steps: what it gives follows from the step and the attempt alone, and takes some time. */
export function scriptedExecutors(
  world: World,
  process: SimProcess,
  { hasRare }: { readonly hasRare: boolean },
): Executors {
  const work = async (signal?: AbortSignal): Promise<void> => {
    const { dice, profile, isCalm } = world
    const workMs = isCalm ? 1 : profile.workMs
    await process.clock.sleep(dice.latencyMs(workMs), dice.chance(0.5) ? signal : undefined)
  }
  const handler = (name: string): FunctionDefinition =>
    defineFunction({
      name,
      input,
      async run({ id, fails, saw }, { runId, stepId, epoch, attempt, idempotencyKey, signal }) {
        world.witness(() => world.audit.executes({ runId, stepId, epoch, key: idempotencyKey, attempt }))
        await work(signal)
        if (fails === -1 || attempt <= fails) throw new Error(`${id} fails`)
        return outputOf(id, saw)
      },
    })
  const models: Models = {
    async call({ messages, stepId, tools, turn }, { runId, signal }) {
      world.witness(() => world.audit.acts(process.name, { runId, stepId }, `turn ${turn}`))
      await work(signal)
      const isFirst = messages.every(({ role }) => role !== 'assistant')
      const prompt = messages.find(({ role }) => role === 'user')?.content ?? ''
      return {
        text: tools.length > 0 && isFirst ? '' : outputOf(stepId, prompt),
        toolCalls:
          tools.length > 0 && isFirst ? [0, 1].map((call) => ({ id: `c${call}`, name: 'look', arguments: {} })) : [],
        model: 'scripted',
        provider: 'scripted',
        finishReason: 'stop',
        usage: { promptTokens: 1, completionTokens: 1, totalTokens: 2, reasoningTokens: 0 },
        costNanoUsd: COST_NANO_USD,
        firstTokenMs: null,
      }
    },
  }
  const tools: ToolBox = {
    names: () => ['look'],
    async call(_name, _args, { runId, stepId, idempotencyKey, signal }) {
      const call = idempotencyKey.split(':').slice(-2).join(':')
      world.witness(() => world.audit.acts(process.name, { runId, stepId }, `call ${call}`))
      await work(signal)
      return 'seen'
    },
    onUnknown: () => 'retry',
    verify: () => Promise.resolve(null),
    attach: () => Promise.reject(new Error('the simulation has no attachments')),
  }
  return {
    models,
    tools,
    functions: functionsOf([handler('step'), ...(hasRare ? [handler('rare')] : [])]),
    clock: process.clock,
    random: () => world.dice.next(),
    observe: () => undefined,
    runFolder: (runId) => `/runs/${runId}`,
  }
}

/** What a function gives, and a model says. */
export function outputOf(id: string, saw: unknown): string {
  return `${id}(${typeof saw === 'string' ? saw : JSON.stringify(saw)})`.slice(0, 60)
}
