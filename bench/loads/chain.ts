import { functionsOf, systemClock, type Executors } from '@agentloom/engine'
import { compileYaml, defineFunction, type Plan } from '@agentloom/workflow'
import { z } from 'zod'

const noop = defineFunction({ name: 'noop', input: z.object({}), run: () => null })

/** The chain as a user writes it. Compiled once a length, before anything is measured. */
export class Chains {
  readonly #plans = new Map<number, Plan>()

  of(length: number): Plan {
    const known = this.#plans.get(length)
    if (known !== undefined) return known
    const steps = Array.from({ length }, (_, index) => {
      const after = index === 0 ? '' : `, depends_on: [s${index - 1}]`
      return `  - {id: s${index}, type: function, handler: noop${after}}\n`
    })
    const { plan } = compileYaml(`name: chain\nsteps:\n${steps.join('')}`)
    this.#plans.set(length, plan)
    return plan
  }
}

/** A process that has this one function, and neither models nor tools. */
export function executorsIn(folder: string): Executors {
  return {
    models: { call: () => Promise.reject(new Error('the bench has no models')) },
    tools: {
      names: () => [],
      call: () => Promise.reject(new Error('the bench has no tools')),
      onUnknown: () => 'retry',
      verify: async () => null,
      attach: () => Promise.reject(new Error('the bench has no attachments')),
    },
    functions: functionsOf([noop]),
    clock: systemClock,
    random: Math.random,
    observe: () => undefined,
    runFolder: () => folder,
  }
}
