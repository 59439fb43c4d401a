import { compileYaml, type Plan } from '@agentloom/workflow'
import fc from 'fast-check'

/** Of a plan at random, as fast-check can shrink it. */
export interface Shape {
  readonly workflow: string
  readonly cleansUp: boolean
}

export const shapes: fc.Arbitrary<Shape> = fc
  .record({
    count: fc.integer({ min: 2, max: 6 }),
    edges: fc.array(fc.tuple(fc.nat(5), fc.nat(5)), { maxLength: 7 }),
    router: fc.option(fc.tuple(fc.nat(5), fc.nat(5)), { nil: null }),
    config: fc.record({
      max_concurrent_steps: fc.constantFrom(1, 2, 10),
      on_step_failure: fc.constantFrom('skip_downstream', 'continue'),
      timeout: fc.constantFrom(undefined, 20),
      budget_usd: fc.constantFrom(undefined, undefined, 0.3, 0.5),
    }),
    cleansUp: fc.boolean(),
  })
  .map(({ count, edges, router, config, cleansUp }) => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f'].slice(0, count)
    const steps = names.map((id, index) => {
      const above = edges.filter(([x, y]) => Math.max(x, y) % count === index && Math.min(x, y) % count < index)
      const common = { id, depends_on: [...new Set(above.map(([x, y]) => names[Math.min(x, y) % count]))] }
      if (router === null || router[0] % count !== index)
        return { ...common, type: 'function', handler: 'f', input: {} }
      return { ...common, type: 'router', default: names[router[1] % count] }
    })
    return { workflow: JSON.stringify({ name: 'random', config, steps }), cleansUp }
  })

export function planOf({ workflow, cleansUp }: Shape): Plan {
  const { plan } = compileYaml(workflow)
  return cleansUp ? { ...plan, cleanup: { plan, compensates: new Map() } } : plan
}
