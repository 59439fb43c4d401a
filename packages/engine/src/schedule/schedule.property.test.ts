import { compileYaml, defineFunction, type Plan } from '@agentloom/workflow'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { rebuildRun } from '../journal/rebuild.ts'
import { startCommand } from '../start.ts'
import { MemoryRuntime } from '../testing/memory-runtime.ts'
import { interpret, type Script } from '../testing/reference.ts'

/** A workflow of functions and routers over which every step's fate is scripted. */
interface Case {
  readonly plan: Plan
  readonly script: Script
}

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
  })
  .map(({ count, edges, routers, failing, writes, reads, policy, cap }) => {
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
      const common = `id: ${id}, depends_on: [${[...(dependsOn.get(id) ?? [])].join(', ')}]`
      const target = routes.get(id)
      if (target !== undefined) return `  - {${common}, type: router, default: ${target}}`
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
        const view = await runtime.run(plan)
        const expected = interpret(plan, script)
        expect(view.status).toBe(expected.status)
        expect(view.steps.map(({ id, status, error }) => ({ id, status, error: error?.message ?? null }))).toEqual(
          expected.steps,
        )
        expect(view.state).toEqual(expected.state)
        expect(view.error?.message ?? null).toBe(expected.error)
      },
    ),
    { numRuns: 400 },
  )
})

test('a run rebuilt from its records at any moment goes on to the same end', async () => {
  await fc.assert(
    fc.asyncProperty(cases, fc.nat(30), async ({ plan, script }, cut) => {
      const whole = new MemoryRuntime({ functions: [step] })
      await whole.run(plan)
      const loaded = await whole.journal.load('run')
      if (loaded === null) throw new Error('no run')
      const records = loaded.records.slice(0, Math.max(1, cut))
      if (records.some(({ kind }) => kind === 'ended')) return
      const status = records.some(({ kind }) => kind === 'claimed') ? 'running' : 'queued'
      const again = new MemoryRuntime({ functions: [step] })
      again.journal.adopt(
        rebuildRun(plan, startCommand(plan, { runId: 'run' }), {
          header: { ...loaded.header, status, error: null },
          records,
        }),
      )
      await again.journal.pause('run', 'crash')
      await again.resume(plan)
      await again.settle()
      const view = await again.view(plan)
      const expected = interpret(plan, script)
      expect(view.status).toBe(expected.status)
      expect(
        view.steps.map(({ id, status: end, error }) => ({ id, status: end, error: error?.message ?? null })),
      ).toEqual(expected.steps)
      expect(view.state).toEqual(expected.state)
    }),
    { numRuns: 300 },
  )
})
