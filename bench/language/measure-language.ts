import { defineFunction } from '@agentloom/workflow'
import {
  compileWorkflow,
  defineFromYaml,
  evaluateCondition,
  parseExpression,
  parseTemplate,
  renderTemplate,
} from '@agentloom/workflow'
import { compileYaml, type ValueMap } from '@agentloom/workflow'
import { createPlans } from '@agentloom/engine'
import { MemoryRuntime } from '@agentloom/engine/testing'
import { z } from 'zod'
import { median } from '../measure/figures.ts'
import type { LanguageSample } from '../measure/sample.ts'
import { workflowText } from './workflow.ts'

/** Between two looks at the clock. */
const BATCH = 10_000

const WARM_UPS = 4
const COMPILES = 5

const FOREACH_SHORT = 100
const FOREACH_LONG = 10_000

const STATE: ValueMap = {
  id: 17,
  user: { name: 'Ada' },
  title: 'The login page is blank',
  score: 0.9,
  tags: ['web', 'urgent'],
}

/** What the language costs, in a process that has done nothing else: its first plan is compiled by cold code. */
export async function measureLanguage(roundMs: number): Promise<LanguageSample> {
  const text = workflowText()
  const from = performance.now()
  const { definition, source } = defineFromYaml(text)
  const read = performance.now()
  const { plan } = compileWorkflow(definition, { source })
  const compiled = performance.now()
  const plans = createPlans(async () => null)
  plans.add(plan)

  const template = parseTemplate('Ticket {state.id} of {state.user.name}: {state.title}. Answer kindly.')
  const expression = parseExpression('state.score >= 0.8 and "urgent" in state.tags')
  return {
    coldMs: compiled - from,
    coldPlanMs: compiled - read,
    planMs: planMs(() => compileWorkflow(definition, { source })),
    cachedMs: await cachedMs(() => plans.get(plan.hash)),
    rendersPerSecond: rateOf(() => renderTemplate(template, STATE).length, roundMs),
    conditionsPerSecond: rateOf(() => Number(evaluateCondition(expression, STATE)), roundMs),
    foreachUsPerItem: { short: await foreachUs(FOREACH_SHORT, roundMs), long: await foreachUs(FOREACH_LONG, roundMs) },
  }
}

function planMs(compile: () => unknown): number {
  const times = Array.from({ length: WARM_UPS + COMPILES }, () => {
    const from = performance.now()
    compile()
    return performance.now() - from
  })
  return median(times.slice(WARM_UPS))
}

async function cachedMs(get: () => Promise<unknown>): Promise<number> {
  const from = performance.now()
  for (let index = 0; index < BATCH; index += 1) await get()
  return (performance.now() - from) / BATCH
}

function rateOf(work: () => number, minMs: number): number {
  let [count, done] = [0, 0]
  for (let index = 0; index < BATCH * 10; index += 1) done += work() // V8 compiles it meanwhile
  done = 0
  const from = performance.now()
  while (performance.now() - from < minMs) {
    for (let index = 0; index < BATCH; index += 1) done += work()
    count += BATCH
  }
  if (done < count) throw new Error('the work gave nothing')
  return (count * 1_000) / (performance.now() - from)
}

/** Microseconds an item of a `foreach` over no-op functions, on the engine in memory; runs of one length until the time is filled. */
async function foreachUs(items: number, minMs: number): Promise<number> {
  const nothing = defineFunction({ name: 'nothing', input: z.object({ n: z.number() }), run: ({ n }) => n })
  const { plan } = compileYaml(
    'name: each\nsteps: [{id: each, type: foreach, items: state.list, step: {type: function, handler: nothing, input: {n: state.item}}, output: list2}]',
  )
  const input = { list: Array.from({ length: items }, (_, index) => index) }
  const once = async (): Promise<void> => {
    const view = await new MemoryRuntime({ functions: [nothing] }).run(plan, input)
    if (view.status !== 'success') throw new Error(`the foreach ended as ${view.status}: ${view.error?.message}`)
  }
  // As many items before the clock starts, whatever the length.
  for (let done = 0; done < FOREACH_LONG; done += items) await once()
  let runs = 0
  const from = performance.now()
  for (; runs < FOREACH_LONG / items || performance.now() - from < minMs; runs += 1) await once()
  return ((performance.now() - from) * 1_000) / (runs * items)
}
