import { compileYaml, defineFunction, type Plan } from '@agentloom/workflow'
import { z } from 'zod'

/** Workflows and functions for tests on a real Redis. */
export const echo = defineFunction({ name: 'echo', input: z.object({ text: z.unknown() }), run: ({ text }) => text })

export function chainOf(length: number): Plan {
  const steps = Array.from({ length }, (_, i) => {
    const after = i === 0 ? '' : `, depends_on: [s${i - 1}]`
    return `  - {id: s${i}, type: function, handler: echo, input: {text: v${i}}, output: v${i}${after}}`
  })
  return compileYaml(`name: chain\nsteps:\n${steps.join('\n')}\n`).plan
}

/** `first` → `w0` … → `last`. */
export function fanOf(width: number): Plan {
  const names = Array.from({ length: width }, (_, i) => `w${i}`)
  const wide = names.map(
    (id) => `  - {id: ${id}, type: function, handler: echo, input: {text: ${id}}, depends_on: [first]}`,
  )
  return compileYaml(
    `name: fan\nconfig: {max_concurrent_steps: 1000}\nsteps:\n  - {id: first, type: function, handler: echo, input: {text: a}}\n` +
      `${wide.join('\n')}\n  - {id: last, type: function, handler: echo, input: {text: z}, depends_on: [${names.join(', ')}]}\n`,
  ).plan
}

export function planOf(steps: string, config = '{}'): Plan {
  return compileYaml(`name: wf\nconfig: ${config}\nsteps:\n${steps}\n`).plan
}
