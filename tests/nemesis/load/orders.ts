import { createHash } from 'node:crypto'
import type { LoadedRun, RunView } from '@agentloom/bullmq/client'
import { interpret } from '@agentloom/engine/testing'
import { compileYaml, type Plan } from '@agentloom/workflow'
import fc from 'fast-check'
import { scriptedPlans } from '../../crash/random-plans.ts'
import { between, pick, type Random } from '../random.ts'
import * as workflows from './workflows.ts'

/** A run that somebody wants, and how it must end. */
export interface Order {
  readonly kind: string
  readonly plan: Plan
  readonly input: Record<string, number>
  /** What the human says at its gate. */
  readonly decision: 'approved' | 'rejected'
  /** The human sends it so long after the start. */
  readonly signalAfterMs: number | null
  readonly cancelAfterMs: number | null
  /** What is wrong with the ended run; empty if nothing is. */
  problemsOf(ended: EndedRun): readonly string[]
}

export interface EndedRun {
  readonly view: RunView
  readonly loaded: LoadedRun
}

type Check = (ended: EndedRun, order: Pick<Order, 'decision'>) => readonly string[]

const STEP_MS = { min: 20, max: 350 }
const RANDOM_PLANS = 24
const SIGNAL_MS_MAX = 2_500
const CANCEL_MS_MAX = 1_500

/** Orders without end, in a mixture that the seed decides. */
export function orders(random: Random, seed: number): () => Order {
  const plans = new Map<workflows.Template, Plan>()
  const planOf = (template: workflows.Template): Plan => {
    const plan = plans.get(template) ?? compileYaml(template.yaml).plan
    plans.set(template, plan)
    return plan
  }
  const scripted = fc.sample(scriptedPlans('none'), { numRuns: RANDOM_PLANS, seed })
  const common = () => ({
    input: { ms: Math.round(between(random, STEP_MS.min, STEP_MS.max)) },
    decision: random() < 0.5 ? ('approved' as const) : ('rejected' as const),
    signalAfterMs: null,
    cancelAfterMs: null,
  })
  return () => {
    const random_ = pick(random, scripted)
    if (random_ !== undefined && random() < 0.15) {
      const expected = interpret(random_.plan, random_.script)
      return {
        kind: 'random',
        plan: random_.plan,
        ...common(),
        input: {},
        problemsOf: ({ view }) => differences(view, expected),
      }
    }
    const [template, check] = pick(random, TEMPLATES) ?? TEMPLATES[0]
    const order = { kind: template.name, plan: planOf(template), ...common() }
    const isCancelled = template === workflows.fan && random() < 0.3
    return {
      ...order,
      signalAfterMs: template === workflows.signalled ? between(random, 0, SIGNAL_MS_MAX) : null,
      cancelAfterMs: isCancelled ? between(random, 0, CANCEL_MS_MAX) : null,
      problemsOf: (ended) => (isCancelled && ended.view.status === 'cancelled' ? [] : check(ended, order)),
    }
  }
}

const TEMPLATES: readonly [readonly [workflows.Template, Check], ...(readonly [workflows.Template, Check])[]] = [
  [workflows.chain, ended({ n: workflows.CHAIN_STEPS })],
  [workflows.fan, ended({ total: workflows.FAN_STEPS * 2 })],
  [workflows.capped, both(ended({ total: workflows.FAN_STEPS * 2 }), keepsCap)],
  [workflows.items, ended({ added: workflows.ITEMS.map((item) => item + 1) })],
  [workflows.stumbling, ended({ attempt: workflows.STUMBLES + 1 })],
  [workflows.sleeping, both(ended({ n: 2 }), sleeps)],
  [workflows.signalled, ended({ n: 2, parcel: { of: 'tea' } })],
  [
    workflows.gated,
    (run, { decision }) => ended({ verdict: decision, [decision === 'approved' ? 'published' : 'shelved']: 2 })(run),
  ],
  [workflows.nested, ended({ child: { n: 3 }, n: 4 })],
  [workflows.undone, ended({ n: 1 }, 'failed')],
  [workflows.pooled, ended({ n: 3 })],
  [workflows.large, (run) => ended({ digest: digestOf(run.view.runId) })(run)],
]

export const SIGNAL = { name: 'parcel', payload: { of: 'tea' } }

function ended(state: Record<string, unknown>, status = 'success'): (run: EndedRun) => readonly string[] {
  return ({ view }) => [
    ...(view.status === status ? [] : [`ended ${view.status}, not ${status}: ${view.error?.message ?? ''}`]),
    ...Object.entries(state).flatMap(([key, value]) => {
      const found = JSON.stringify(view.state[key])
      return found === JSON.stringify(value)
        ? []
        : [`state.${key} is ${found?.slice(0, 200)}, not ${JSON.stringify(value)}`]
    }),
  ]
}

function both(...checks: readonly Check[]): Check {
  return (run, order) => checks.flatMap((check) => check(run, order))
}

const ENDS: ReadonlySet<string> = new Set(['committed', 'failed', 'released', 'died', 'waiting'])

/** I10, from the records: claims that have not ended, at any time. */
function keepsCap({ loaded }: EndedRun): readonly string[] {
  const working = new Set<string>()
  let most = 0
  for (const record of loaded.records) {
    if (record.kind === 'claimed') working.add(record.stepId)
    else if (ENDS.has(record.kind) && 'stepId' in record) working.delete(record.stepId)
    most = Math.max(most, working.size)
  }
  return most > workflows.CAP ? [`${most} steps at work at once, cap ${workflows.CAP}`] : []
}

function sleeps({ loaded }: EndedRun): readonly string[] {
  const begun = loaded.records.find((record) => record.kind === 'waiting' && record.stepId === 'pause')
  const woken = loaded.records.find((record) => record.kind === 'woken' && record.stepId === 'pause')
  if (begun === undefined || woken === undefined) return ['no record of its sleep']
  const sleptMs = woken.atMs - begun.atMs
  return sleptMs < workflows.SLEEP_MS ? [`slept ${sleptMs} ms of ${workflows.SLEEP_MS}`] : []
}

function digestOf(runId: string): string {
  const text = `${runId} `.repeat(Math.ceil(workflows.LARGE_CHARACTERS / (runId.length + 1)))
  return createHash('sha256').update(text).digest('hex')
}

/** I5. */
function differences(view: RunView, expected: ReturnType<typeof interpret>): readonly string[] {
  const steps = view.steps.map(({ id, status, error }) => ({ id, status, error: error?.message ?? null }))
  const found = { status: view.status, steps, state: view.state, error: view.error?.message ?? null }
  return JSON.stringify(sorted(found)) === JSON.stringify(sorted(expected))
    ? []
    : [
        `differs from the sequential interpreter: ${JSON.stringify(found).slice(0, 600)} not ${JSON.stringify(expected).slice(0, 600)}`,
      ]
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, one]) => [key, sorted(one)]),
  )
}
