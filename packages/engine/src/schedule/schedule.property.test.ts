import {
  compileWorkflow,
  compileYaml,
  defineFunction,
  isList,
  isMapping,
  type Plan,
  type Value,
  type ValueMap,
} from '@agentloom/workflow'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { z } from 'zod'
import type { RunView } from '../fold/run-view.ts'
import { rebuildRun } from '../journal/rebuild.ts'
import { startCommand } from '../start.ts'
import { MemoryRuntime } from '../testing/memory-runtime.ts'
import { interpret, type Script } from '../testing/reference.ts'

/** A workflow of functions and routers over which every step's fate is scripted. */
interface Case {
  readonly plan: Plan
  readonly script: Script
}

// The same plans each time; `pnpm fuzz` takes more, and others.
const SCALE = Number(process.env['AGENTLOOM_TEST_SCALE'] ?? 1)
const SEED = Number(process.env['AGENTLOOM_FUZZ_SEED'] ?? 20_261_124)

const WHENS = ["state.x == 'x0'", "'a' in str(state.y)", 'steps.a.output is None', 'state.missing is not None']

const ids = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']

const cases: fc.Arbitrary<Case> = fc
  .record({
    count: fc.integer({ min: 1, max: ids.length }),
    edges: fc.array(fc.tuple(fc.nat(7), fc.nat(7)), { maxLength: 16 }),
    routers: fc.array(fc.tuple(fc.nat(7), fc.nat(7)), { maxLength: 3 }),
    failing: fc.array(fc.nat(7), { maxLength: 3 }),
    writes: fc.array(fc.nat(2), { minLength: 8, maxLength: 8 }),
    reads: fc.array(fc.nat(3), { minLength: 8, maxLength: 8 }),
    policy: fc.constantFrom('skip_downstream', 'continue'),
    cap: fc.constantFrom(1, 2, 10),
    gates: fc.array(fc.nat(7), { maxLength: 2 }),
    joins: fc.array(fc.nat(7), { maxLength: 3 }),
    whens: fc.array(fc.tuple(fc.nat(7), fc.constantFrom(...WHENS)), { maxLength: 2 }),
  })
  .map(({ count, edges, routers, failing, writes, reads, policy, cap, gates, joins, whens }) => {
    const names = ids.slice(0, count)
    const dependsOn = new Map<string, Set<string>>(names.map((id) => [id, new Set()]))
    for (const [x, y] of edges) {
      const [from, to] = [names[Math.min(x, y) % count], names[Math.max(x, y) % count]]
      if (from !== undefined && to !== undefined && from < to) dependsOn.get(to)?.add(from)
    }
    const routes = new Map<string, string>()
    for (const [x, y] of routers) {
      const [router, target] = [names[x % count], names[y % count]]
      if (router !== undefined && target !== undefined) routes.set(router, target)
    }
    const fails = new Set(failing.map((index) => names[index % count] ?? 'a'))
    const steps = names.map((id, index) => {
      const join = joins.some((each) => each % count === index) ? ', join: any' : ''
      const when = whens.find(([each]) => each % count === index)?.[1]
      const on = [...(dependsOn.get(id) ?? [])].join(', ')
      const common = `id: ${id}, depends_on: [${on}]${join}${when === undefined ? '' : `, when: "${when}"`}`
      const target = routes.get(id)
      if (target !== undefined) return `  - {${common}, type: router, default: ${target}}`
      if (gates.some((each) => each % count === index))
        return `  - {${common}, type: approval_gate, output: ${['x', 'y', 'z'][writes[index] ?? 0]}}`
      const read = ['x', 'y', 'z', 'steps.a.output'][reads[index] ?? 0]
      const write = ['x', 'y', 'z'][writes[index] ?? 0]
      return `  - {${common}, type: function, handler: step, retry: {max_retries: 0}, input: {id: ${id}, fails: ${fails.has(id)}, saw: state.${read}}, output: ${write}}`
    })
    const yaml = `name: random\nconfig: {on_step_failure: ${policy}, max_concurrent_steps: ${cap}}\nstate: {x: x0, y: y0, z: z0}\nsteps:\n${steps.join('\n')}\n`
    return { plan: compileYaml(yaml).plan, script: { routes, fails } }
  })

const step = defineFunction({
  name: 'step',
  input: z.object({ id: z.string(), fails: z.boolean(), saw: z.unknown() }),
  run({ id, fails, saw }) {
    if (fails) throw new Error(`${id} fails`)
    return `${id}(${String(saw)})`.slice(0, 200)
  },
})

/** Lets everything happen, and approves every gate that is reached. */
async function settleAndApprove(runtime: MemoryRuntime, plan: Plan, runId = 'run'): Promise<RunView> {
  for (;;) {
    await runtime.settle()
    const view = await runtime.view(plan, runId)
    const waiting = view.steps.filter(({ status }) => status === 'paused')
    if (waiting.length === 0) return view
    for (const { id } of waiting) await runtime.decide(id, 'approved', runId)
  }
}

test('any order of completion gives what the sequential interpreter gives', async () => {
  await fc.assert(
    fc.asyncProperty(
      cases,
      fc.infiniteStream(fc.double({ min: 0, max: 0.999, noNaN: true })),
      fc.constantFrom(1, 2, 64),
      async ({ plan, script }, picks, stepsMax) => {
        const runtime = new MemoryRuntime({
          functions: [step],
          pick: () => picks.next().value ?? 0,
          walks: 3,
          stepsMax,
        })
        await runtime.start(plan)
        const view = await settleAndApprove(runtime, plan)
        const expected = interpret(plan, script)
        expect(view.status).toBe(expected.status)
        expect(view.steps.map(({ id, status, error }) => ({ id, status, error: error?.message ?? null }))).toEqual(
          expected.steps,
        )
        expect(view.state).toEqual(expected.state)
        expect(view.error?.message ?? null).toBe(expected.error)
      },
    ),
    { numRuns: Math.round(1_000 * SCALE), seed: SEED },
  )
})

test('a run rebuilt from its records at any moment goes on to the same end', async () => {
  await fc.assert(
    fc.asyncProperty(cases, fc.nat(30), async ({ plan, script }, cut) => {
      const whole = new MemoryRuntime({ functions: [step] })
      await whole.start(plan)
      await settleAndApprove(whole, plan)
      const loaded = await whole.journal.load('run')
      if (loaded === null) throw new Error('no run')
      const records = loaded.records.slice(0, Math.max(1, cut))
      if (records.some(({ kind }) => kind === 'ended')) return
      const again = new MemoryRuntime({ functions: [step] })
      again.journal.adopt(rebuildRun(plan, startCommand(plan, { runId: 'run' }), { header: loaded.header, records }))
      await again.journal.pause('run', 'crash')
      await again.resume(plan)
      const view = await settleAndApprove(again, plan)
      const expected = interpret(plan, script)
      expect(view.status).toBe(expected.status)
      expect(
        view.steps.map(({ id, status: end, error }) => ({ id, status: end, error: error?.message ?? null })),
      ).toEqual(expected.steps)
      expect(view.state).toEqual(expected.state)
    }),
    { numRuns: Math.round(300 * SCALE), seed: SEED },
  )
})

/** The same workflow with another fate of one step. */
function withOtherFate({ plan, script }: Case, at: number): Case {
  const node = plan.nodes[at % plan.nodes.length]
  if (node?.step.type !== 'function') return { plan, script }
  const fails = new Set(script.fails)
  if (!fails.delete(node.id)) fails.add(node.id)
  const { steps } = plan.definition.workflow
  const changed = (isList(steps ?? null) ? (steps as readonly Value[]) : []).map((one) =>
    isMapping(one) && one['id'] === node.id && isMapping(one['input'] ?? null)
      ? { ...one, input: { ...(one['input'] as ValueMap), fails: fails.has(node.id) } }
      : one,
  )
  const workflow = { ...plan.definition.workflow, steps: changed }
  return { plan: compileWorkflow({ ...plan.definition, workflow }).plan, script: { ...script, fails } }
}

test('a fork from any step of a run cut anywhere, by a changed workflow, ends as if all of it had run', async () => {
  await fc.assert(
    fc.asyncProperty(cases, fc.nat(40), fc.nat(7), fc.nat(7), async (one, cut, from, changed) => {
      const runtime = new MemoryRuntime({ functions: [step] })
      await runtime.start(one.plan)
      await settleAndApprove(runtime, one.plan)
      const loaded = await runtime.journal.load('run')
      if (loaded === null) throw new Error('no run')
      const records = loaded.records.slice(0, Math.max(1, cut))
      const start = startCommand(one.plan, { runId: 'run' })
      await runtime.journal.restore({ start, records, replaces: loaded.records.length }, one.plan)
      const { plan, script } = withOtherFate(one, changed)
      const stepId = plan.nodes[from % plan.nodes.length]?.id ?? 'a'
      await runtime.fork('run', { runId: 'fork', from: stepId, plan })
      const view = await settleAndApprove(runtime, plan, 'fork')
      const expected = interpret(plan, script)
      expect(view.status).toBe(expected.status)
      expect(view.steps.map(({ id, status, error }) => ({ id, status, error: error?.message ?? null }))).toEqual(
        expected.steps,
      )
      expect(view.state).toEqual(expected.state)
    }),
    { numRuns: Math.round(300 * SCALE), seed: SEED },
  )
})
