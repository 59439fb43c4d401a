import { compileYaml, type Plan } from '@agentloom/workflow'
import type { Script } from '@agentloom/engine/testing'
import fc from 'fast-check'

/** A workflow of functions and routers of which every step's fate is scripted, and its script. */
export interface ScriptedPlan {
  readonly plan: Plan
  readonly script: Script
}

const IDS = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j']
const KEYS = ['x', 'y', 'z']
const index = fc.nat(IDS.length - 1)

/** @param file where each execution leaves its line */
export function scriptedPlans(file: string): fc.Arbitrary<ScriptedPlan> {
  return fc
    .record({
      edges: fc.array(fc.tuple(index, index), { minLength: 6, maxLength: 20 }),
      routers: fc.array(fc.tuple(index, index), { maxLength: 3 }),
      failing: fc.array(index, { maxLength: 2 }),
      writes: fc.array(fc.nat(2), { minLength: IDS.length, maxLength: IDS.length }),
      reads: fc.array(fc.nat(2), { minLength: IDS.length, maxLength: IDS.length }),
      policy: fc.constantFrom('skip_downstream', 'continue'),
      cap: fc.constantFrom(1, 2, 10),
    })
    .map(({ edges, routers, failing, writes, reads, policy, cap }) => {
      const idAt = (at: number): string => IDS[at] ?? 'a'
      const dependencies = IDS.map((_, to) => [
        ...new Set(
          edges.flatMap((edge) => (Math.max(...edge) === to && Math.min(...edge) < to ? [Math.min(...edge)] : [])),
        ),
      ])
      const routes = new Map(routers.map(([router, target]) => [idAt(router), idAt(target)]))
      const fails = new Set(failing.map(idAt))
      const steps = IDS.map((id, at) => {
        const common = `id: ${id}, depends_on: [${(dependencies[at] ?? []).map(idAt).join(', ')}]`
        const target = routes.get(id)
        if (target !== undefined) return `  - {${common}, type: router, default: ${target}}`
        const input = `file: ${JSON.stringify(file)}, fails: ${fails.has(id)}, saw: state.${KEYS[reads[at] ?? 0]}`
        return `  - {${common}, type: function, handler: scripted, retry: {max_retries: 0}, input: {${input}}, output: ${KEYS[writes[at] ?? 0]}}`
      })
      const config = `{on_step_failure: ${policy}, max_concurrent_steps: ${cap}}`
      const yaml = `name: random\nconfig: ${config}\nstate: {x: x0, y: y0, z: z0}\nsteps:\n${steps.join('\n')}\n`
      return { plan: compileYaml(yaml).plan, script: { routes, fails } }
    })
}
