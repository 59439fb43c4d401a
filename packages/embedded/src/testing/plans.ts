import { functionsOf, systemClock, type Executors } from '@agentloom/engine'
import { compileYaml, type FunctionDefinition, type Plan } from '@agentloom/workflow'
import { tmpdir } from 'node:os'

export function executorsWith(functions: readonly FunctionDefinition[]): Omit<Executors, 'observe'> {
  return {
    models: { call: () => Promise.reject(new Error('this test has no models')) },
    tools: {
      names: () => [],
      call: () => Promise.reject(new Error('this test has no tools')),
      onUnknown: () => 'retry',
      verify: () => Promise.reject(new Error('this test has no tools')),
      attach: () => Promise.reject(new Error('this test has no attachments')),
    },
    functions: functionsOf(functions),
    clock: systemClock,
    random: () => 0.5,
    runFolder: () => tmpdir(),
  }
}

export function planOf(yaml: string): Plan {
  return compileYaml(yaml).plan
}

/** `s0` → `s1` → …, each calling `handler` with its number, its result in state under its id. */
export function chainOf(
  length: number,
  handler: string,
  more: { readonly config?: string; readonly step?: string } = {},
): Plan {
  const { config = '', step = '' } = more
  const steps = Array.from({ length }, (_, index) => {
    const after = index === 0 ? '' : `, depends_on: [s${index - 1}]`
    return `  - {id: s${index}, type: function, handler: ${handler}, input: {n: ${index}}, output: s${index}${after}${step}}`
  })
  return planOf(`name: chain\n${config}steps:\n${steps.join('\n')}\n`)
}
