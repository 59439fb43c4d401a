import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createEmbedded, type Embedded } from '@agentloom/embedded'
import { functionsOf, type RunView, systemClock } from '@agentloom/engine'
import { MemoryRuntime } from '@agentloom/engine/testing'
import { createGateway } from '@agentloom/gateway'
import { createToolBox } from '@agentloom/tools'
import { type Plan, toPlain } from '@agentloom/workflow'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { plans, step } from './plans.ts'
import { runs, within } from './scale.ts'

/** What must be the same whoever ran it, and in whatever order steps ended. */
function endOf(view: RunView): unknown {
  return {
    status: view.status,
    state: toPlain(view.state),
    error: view.error?.code ?? null,
    steps: view.steps.map(({ id, status, output, error }) => ({
      id,
      status,
      output: toPlain(output),
      error: error?.message,
    })),
  }
}

function gatesOf(view: RunView): readonly string[] {
  return view.status === 'paused' ? view.steps.flatMap(({ waitingAt }) => waitingAt) : []
}

async function inMemory(plan: Plan, pick: () => number): Promise<RunView> {
  const runtime = new MemoryRuntime({ functions: [step], pick, walks: 3, stepsMax: 2 })
  let view = await runtime.run(plan)
  for (let gates = gatesOf(view); gates.length > 0; gates = gatesOf(view)) {
    for (const gate of gates) await runtime.decide(gate, 'approved')
    await runtime.settle()
    view = await runtime.view(plan)
  }
  return view
}

async function onDisk(embedded: Embedded, plan: Plan, runId: string): Promise<RunView> {
  let view = await (await embedded.start(plan, { runId })).result()
  for (let gates = gatesOf(view); gates.length > 0; gates = gatesOf(view)) {
    const decisions = gates.map((path) => ({ path, decision: 'approved' }))
    view = await (await embedded.resume(runId, { decisions })).result()
  }
  return view
}

const picks = fc.infiniteStream(fc.double({ min: 0, max: 0.999, noNaN: true }))
const draws = (stream: Stream) => () => stream.next().value ?? 0
type Stream = ReturnType<(typeof picks)['generate']>['value']

test('two orders of completion end alike', { timeout: within(120_000) }, async () => {
  await fc.assert(
    fc.asyncProperty(plans, picks, picks, async (plan, one, other) => {
      const first = endOf(await inMemory(plan, draws(one)))
      expect(endOf(await inMemory(plan, draws(other)))).toEqual(first)
    }),
    runs(500),
  )
})

test('embedded ends as in memory', { timeout: within(120_000) }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'agentloom-fuzz-'))
  const embedded = await createEmbedded({
    folder,
    executors: {
      models: createGateway(),
      tools: createToolBox({ floor: 'trusted' }),
      functions: functionsOf([step]),
      clock: systemClock,
      random: Math.random,
      runFolder: () => folder,
    },
  })
  let count = 0
  try {
    await fc.assert(
      fc.asyncProperty(plans, async (plan) => {
        const view = await onDisk(embedded, plan, `run${(count += 1)}`)
        expect(endOf(view)).toEqual(endOf(await inMemory(plan, () => 0)))
      }),
      runs(100),
    )
  } finally {
    await embedded.close()
    rmSync(folder, { recursive: true, force: true })
  }
})
