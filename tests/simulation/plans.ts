import { compileYaml, isBroken, type Plan } from '@agentloom/workflow'
import { Dice } from './dice.ts'

/**
 * Random workflows of everything that the protocol has to do with, a few steps each. What a step sees becomes its output, so
 * that any difference in order shows. The fate of every function stands in its input.
 */
export interface SimPlan {
  readonly plan: Plan
  readonly yaml: string
  /** Itself and the plans of its child runs, by hash. */
  readonly byHash: ReadonlyMap<string, Plan>
}

/** As many different ones; the seeds share them, because compiling takes as long as simulating. */
const PLANS = 4_096
const known = new Map<number, SimPlan>()

export function planOf(number: number): SimPlan {
  const key = number % PLANS
  const found = known.get(key)
  if (found !== undefined) return found
  const yaml = yamlOf(new Dice(key))
  const { plan } = compileYaml(yaml)
  const made = { plan, yaml, byHash: new Map(allPlans(plan).map((one) => [one.hash, one])) }
  known.set(key, made)
  return made
}

function allPlans(plan: Plan): readonly Plan[] {
  const children = plan.nodes.flatMap(({ step }) =>
    step.type === 'subworkflow' && !isBroken(step.child) ? [step.child] : [],
  )
  return [plan, ...[...children, ...(plan.cleanup === null ? [] : [plan.cleanup.plan])].flatMap(allPlans)]
}

const KEYS = ['x', 'y', 'z']
const WHENS = ["state.x == 'x0'", "'a' in str(state.y)", 'steps.a.output is None', 'state.missing is not None']

type Kind = 'function' | 'router' | 'gate' | 'child' | 'each' | 'sleep' | 'wait' | 'llm'

const KINDS: readonly Kind[] = [
  ...Array<Kind>(9).fill('function'),
  ...(['router', 'gate', 'child', 'child', 'each', 'sleep', 'wait', 'llm'] as const),
]

function yamlOf(dice: Dice): string {
  const count = dice.between(1, 7)
  const isCostly = dice.chance(0.2)
  const steps = Array.from({ length: count }, (_, index) => stepOf(dice, index, { count, depth: 0, isCostly }))
  const config = [
    `on_step_failure: ${dice.pick(['skip_downstream', 'continue'])}`,
    `max_concurrent_steps: ${dice.pick([1, 2, 2, 10, 10])}`,
    'model: scripted',
    ...(dice.chance(0.08) ? [`timeout: ${dice.between(5, 60)}`] : []),
    ...(isCostly ? [`budget_usd: ${dice.pick([0.5, 1.5, 2.5, 10])}`] : []),
  ]
  return [
    'name: random',
    `config: {${config.join(', ')}}`,
    'state: {x: x0, y: y0, z: z0, list: [i0, i1, i2]}',
    'steps:',
    ...steps.map((step) => `  - ${step}`),
    ...(dice.chance(0.12) ? ['finally:', `  - ${functionStep(dice, 'last', { reads: 'state.x' })}`] : []),
  ].join('\n')
}

interface Around {
  readonly count: number
  readonly depth: number
  /** Model calls rather than functions: only they cost. */
  readonly isCostly: boolean
}

function stepOf(dice: Dice, index: number, around: Around): string {
  const id = idAt(index)
  const sources = Array.from({ length: dice.between(0, Math.min(3, index)) }, () => idAt(dice.between(0, index - 1)))
  const reads = dice.pick(['state.x', 'state.y', 'state.z', 'steps.a.output'])
  const more = [
    `depends_on: [${[...new Set(sources)].join(', ')}]`,
    `output: ${dice.pick(KEYS)}`,
    ...(dice.chance(0.15) ? ['join: any'] : []),
    ...(dice.chance(0.1) ? [`when: "${dice.pick(WHENS)}"`] : []),
    ...(around.depth === 0 && dice.chance(0.1)
      ? [`compensate: {type: function, handler: step, input: {id: undo_${id}, fails: 0, saw: state.x}}`]
      : []),
  ]
  const kind = around.isCostly && dice.chance(0.5) ? 'llm' : dice.pick(KINDS)
  switch (kind) {
    case 'function':
      return functionStep(dice, id, { reads, more })
    case 'router':
      return line(id, ['type: router', `default: ${idAt(dice.between(0, around.count - 1))}`, ...more])
    case 'gate': {
      const patience = dice.chance(0.3) ? [`timeout_seconds: ${dice.between(2, 30)}`, 'on_timeout: approve'] : []
      return line(id, ['type: approval_gate', ...patience, ...more])
    }
    case 'sleep':
      return line(id, ['type: sleep', `seconds: ${dice.between(1, 20)}`, ...more])
    case 'wait': {
      const patience = dice.chance(0.4)
        ? [`timeout: ${dice.between(2, 30)}`, `on_timeout: ${dice.pick(['continue', 'fail'])}`]
        : []
      return line(id, ['type: wait_for', `signal: go-${dice.pick(['1', '2'])}`, ...patience, ...more])
    }
    case 'each': {
      const body = `{type: function, handler: step, ${retryOf(dice)}, input: {id: ${id}, fails: ${failsOf(dice)}, saw: state.item}}`
      return line(id, ['type: foreach', 'items: state.list', retryOf(dice), `step: ${body}`, ...more])
    }
    case 'llm': {
      const tools = '[{name: look, description: Looks., parameters: {type: object}}]'
      return line(id, [
        'type: llm_call',
        `prompt: "{${reads}}"`,
        ...(dice.chance(0.6) ? [`tools: ${tools}`] : []),
        ...more,
      ])
    }
    case 'child': {
      if (around.depth > 1) return functionStep(dice, id, { reads, more })
      const count = dice.between(1, 3)
      const below = { ...around, count, depth: around.depth + 1 }
      const inner = Array.from({ length: count }, (_, at) => stepOf(dice, at, below))
      const child = `{name: child, state: {x: own, y: y1, z: z1, list: [j0, j1]}, steps: [${inner.join(', ')}]}`
      return line(id, [
        'type: subworkflow',
        `isolated_state: ${dice.chance(0.5)}`,
        'return_keys: [x]',
        retryOf(dice),
        `workflow_inline: ${child}`,
        ...more,
      ])
    }
    default:
      return kind satisfies never
  }
}

function functionStep(
  dice: Dice,
  id: string,
  { reads, more = [] }: { readonly reads: string; readonly more?: readonly string[] },
): string {
  const input = `input: {id: ${id}, fails: ${failsOf(dice)}, saw: ${reads}}`
  const timeout = dice.chance(0.05) ? ['timeout: 4'] : []
  return line(id, [
    'type: function',
    `handler: ${dice.chance(0.1) ? 'rare' : 'step'}`,
    retryOf(dice),
    input,
    ...timeout,
    ...more,
  ])
}

/** How many attempts of a visit fail; -1: all. */
function failsOf(dice: Dice): number {
  return dice.pick([0, 0, 0, 0, 0, 1, 2, -1])
}

function retryOf(dice: Dice): string {
  return `retry: {max_retries: ${dice.pick([0, 2])}, backoff_base: 1}`
}

function line(id: string, parts: readonly string[]): string {
  return `{id: ${id}, ${parts.join(', ')}}`
}

function idAt(index: number): string {
  return String.fromCharCode(97 + index)
}
