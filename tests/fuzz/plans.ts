// Random workflows of everything that decides over steps: dependencies, data, routers, `when`, `join`, gates, failures, sub-workflows,
// foreach, compensation and `finally`. What a step sees becomes its output, so that any difference in order shows.

import { compileYaml, defineFunction, type Plan } from '@agentloom/workflow'
import fc from 'fast-check'
import { z } from 'zod'

const IDS = ['a', 'b', 'c', 'd', 'e', 'f', 'g'] as const
const KEYS = ['x', 'y', 'z'] as const
const WHENS = ["state.x == 'x0'", "'a' in str(state.y)", 'steps.a.output is None', 'state.missing is not None'] as const

interface Draw {
  readonly kind: 'function' | 'router' | 'gate' | 'child' | 'each'
  readonly dependsOn: readonly number[]
  readonly reads: number
  readonly writes: number
  readonly target: number
  readonly fails: boolean
  readonly join: boolean
  readonly when: number | null
  readonly undo: boolean
  readonly isolated: boolean
}

const draw: fc.Arbitrary<Draw> = fc.record({
  kind: fc.constantFrom('function', 'function', 'function', 'router', 'gate', 'child', 'each'),
  dependsOn: fc.array(fc.nat(6), { maxLength: 3 }),
  reads: fc.nat(3),
  writes: fc.nat(2),
  target: fc.nat(6),
  fails: fc.nat(5).map((n) => n === 0),
  join: fc.nat(4).map((n) => n === 0),
  when: fc.oneof({ weight: 4, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: fc.nat(WHENS.length - 1) }),
  undo: fc.nat(5).map((n) => n === 0),
  isolated: fc.boolean(),
})

export const plans: fc.Arbitrary<Plan> = fc
  .record({
    draws: fc.array(draw, { minLength: 1, maxLength: IDS.length }),
    policy: fc.constantFrom('skip_downstream', 'continue'),
    cap: fc.constantFrom(1, 2, 10),
    hasFinally: fc.boolean(),
  })
  .map(({ draws, policy, cap, hasFinally }) => {
    const steps = draws.map((each, index) => stepOf(each, index, draws.length))
    const last = hasFinally ? ['finally:', call({ id: 'last', fails: false, reads: 'state.x' })] : []
    return compileYaml(
      [
        'name: random',
        `config: {on_step_failure: ${policy}, max_concurrent_steps: ${cap}}`,
        'state: {x: x0, y: y0, z: z0, list: [1, 2, 3]}',
        'steps:',
        ...steps,
        ...last,
      ].join('\n'),
    ).plan
  })

function stepOf(each: Draw, index: number, count: number): string {
  const id = idAt(index)
  const sources = [...new Set(each.dependsOn.filter((source) => source < index))].map(idAt).join(', ')
  const reads = `state.${[...KEYS, 'steps.a.output'][each.reads]}`
  const more = [
    `depends_on: [${sources}]`,
    `output: ${KEYS[each.writes]}`,
    ...(each.join ? ['join: any'] : []),
    ...(each.when === null ? [] : [`when: "${WHENS[each.when]}"`]),
    ...(each.undo
      ? [`compensate: {type: function, handler: step, input: {id: undo_${id}, fails: false, saw: state.x}}`]
      : []),
  ]
  switch (each.kind) {
    case 'function':
      return call({ id, fails: each.fails, reads, more })
    case 'router':
      return line(id, ['type: router', `default: ${idAt(each.target % count)}`, ...more])
    case 'gate':
      return line(id, ['type: approval_gate', ...more])
    case 'child': {
      const inner = `[${inline({ id: 'p', fails: each.fails, reads: 'state.x' })}, ${inline({ id: 'q', fails: false, reads: 'steps.p.output' })}]`
      const child = `{name: child, state: {x: own}, steps: ${inner}}`
      return line(id, [
        'type: subworkflow',
        `isolated_state: ${each.isolated}`,
        'return_keys: [x]',
        ...RETRY,
        `workflow_inline: ${child}`,
        ...more,
      ])
    }
    case 'each': {
      const body = `{type: function, handler: step, ${RETRY.join(', ')}, input: {id: ${id}, fails: ${each.fails}, saw: state.item}}`
      return line(id, ['type: foreach', 'items: state.list', ...RETRY, `step: ${body}`, ...more])
    }
  }
}

const RETRY = ['retry: {max_retries: 0}']

interface Call {
  readonly id: string
  readonly fails: boolean
  readonly reads: string
  readonly more?: readonly string[]
}

function call(made: Call): string {
  return `  - ${inline(made)}`
}

function inline({ id, fails, reads, more = [] }: Call): string {
  const input = `input: {id: ${id}, fails: ${fails}, saw: ${reads}}`
  return `{${[`id: ${id}`, 'type: function', 'handler: step', ...RETRY, input, ...more].join(', ')}}`
}

function line(id: string, parts: readonly string[]): string {
  return `  - {${[`id: ${id}`, ...parts].join(', ')}}`
}

function idAt(index: number): string {
  return IDS[index % IDS.length] ?? 'a'
}

/** Its output tells what it saw. */
export const step = defineFunction({
  name: 'step',
  input: z.object({ id: z.string(), fails: z.boolean(), saw: z.unknown() }),
  run({ id, fails, saw }) {
    if (fails) throw new Error(`${id} fails`)
    return `${id}(${typeof saw === 'string' ? saw : JSON.stringify(saw)})`.slice(0, 200)
  },
})
