import { compileYaml, type Plan } from '@agentloom/workflow'
import fc from 'fast-check'

// Random commands on a run and its child runs, sensible and senseless ones.

/** The run, two children of its steps and a grandchild, and two runs of the same plan, which lie in the same shard of two. */
export const RUN_IDS = ['run', 'run.c', 'run.d', 'run.c.e', 'other', 'next'] as const

export type Command =
  | { readonly do: 'start'; readonly run: number }
  | {
      readonly do: 'claim'
      readonly run: number
      readonly step: Choice
      readonly nonce: number
      readonly isDecided: boolean
      readonly isRushed: boolean
      readonly acceptsSuspect: boolean
      readonly reads: readonly number[]
    }
  | {
      readonly do: 'settle'
      readonly run: number
      readonly step: Choice
      readonly nonce: number
      readonly how: How
      readonly cost: number
      readonly goOn: boolean
      readonly again: boolean
    }
  | { readonly do: 'skip'; readonly run: number; readonly step: Choice; readonly cause: number; readonly goOn: boolean }
  | { readonly do: 'spread'; readonly run: number; readonly step: Choice }
  | {
      readonly do: 'append'
      readonly run: number
      readonly step: Choice
      readonly nonce: number
      readonly note: RandomNote
    }
  | { readonly do: 'notes'; readonly run: number; readonly step: Choice }
  | { readonly do: 'wake'; readonly run: number; readonly step: Choice; readonly answer: Answer }
  | { readonly do: 'signal'; readonly run: number; readonly name: string; readonly payload: string }
  | { readonly do: 'mirror'; readonly run: number; readonly step: Choice; readonly status: Standing }
  | { readonly do: 'release'; readonly run: number; readonly step: Choice; readonly nonce: number }
  | {
      readonly do: 'heartbeat'
      readonly run: number
      readonly steps: readonly { readonly step: Choice; readonly nonce: number }[]
    }
  | { readonly do: 'cancel'; readonly run: number }
  | { readonly do: 'pause'; readonly run: number }
  | { readonly do: 'resume'; readonly run: number; readonly off: number; readonly budget: number | null }
  | { readonly do: 'due'; readonly endsLeases: boolean }
  /** Of the worker whose nonces begin so. */
  | { readonly do: 'take-over'; readonly instance: string }
  | {
      readonly do: 'restore'
      readonly run: number
      readonly off: number
      readonly isErased: boolean
      readonly again: boolean
    }
  | { readonly do: 'erase'; readonly run: number; readonly off: number }
  | { readonly do: 'list' }
  | { readonly do: 'advance'; readonly ms: number }

/** Mostly one of the steps that make sense for the command, by its index among them; else any of the plan's. */
export interface Choice {
  readonly index: number
  readonly isSensible: boolean
}

export type How =
  | { readonly kind: 'success' | 'retry' | 'skipped' }
  | { readonly kind: 'failed' | 'timeout'; readonly hasOutput: boolean }
  | {
      readonly kind: 'wait'
      readonly for: 'gate' | 'timer' | 'signal' | 'child' | 'parked'
      readonly ms: number
      readonly which: number
    }

export interface RandomNote {
  readonly text: string
  readonly cost: number | null
}

export type Answer =
  | { readonly kind: 'decided'; readonly decision: string; readonly by: string | null }
  | { readonly kind: 'child-ended'; readonly which: number; readonly status: 'success' | 'failed' }
  | { readonly kind: 'unparked'; readonly by: string | null }

export type Standing = 'queued' | 'running' | 'paused' | 'parked' | 'success'

const step: fc.Arbitrary<Choice> = fc.record({ index: fc.nat(7), isSensible: fc.nat(9).map((dice) => dice > 0) })
const run = fc.oneof(
  { weight: 12, arbitrary: fc.constant(0) },
  { weight: 5, arbitrary: fc.integer({ min: 1, max: 3 }) },
  { weight: 5, arbitrary: fc.integer({ min: 4, max: 5 }) },
)
const anyStep = fc.nat(6)
/** 0 is the nonce under which the step was claimed last, the others are old or made up. */
const nonce = fc.oneof(
  { weight: 8, arbitrary: fc.constant(0) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 3 }) },
)
export const SIGNALS = ['x', 'y|"ü'] as const

const how: fc.Arbitrary<How> = fc.oneof(
  { weight: 6, arbitrary: fc.constant({ kind: 'success' as const }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constantFrom('failed' as const, 'timeout' as const), hasOutput: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.constantFrom({ kind: 'retry' as const }, { kind: 'skipped' as const }) },
  {
    weight: 7,
    arbitrary: fc.record({
      kind: fc.constant('wait' as const),
      for: fc.constantFrom(
        'gate' as const,
        'gate' as const,
        'timer' as const,
        'signal' as const,
        'child' as const,
        'child' as const,
        'parked' as const,
      ),
      /** Negative: without an end. */
      ms: fc.constantFrom(-1, -1, 0, 900, 30_000),
      which: fc.nat(3),
    }),
  },
)

const answer: fc.Arbitrary<Answer> = fc.oneof(
  fc.record({
    kind: fc.constant('decided' as const),
    decision: fc.constantFrom('approved', 'approved', 're"jected'),
    by: fc.constantFrom(null, 'ü,"]'),
  }),
  fc.record({
    kind: fc.constant('child-ended' as const),
    which: fc.nat(3),
    status: fc.constantFrom('success' as const, 'failed' as const),
  }),
  fc.record({ kind: fc.constant('unparked' as const), by: fc.constantFrom(null, 'ü,"]') }),
)

const note: fc.Arbitrary<RandomNote> = fc.record({
  text: fc.constantFrom('{"a":1}', '"b\\"ü"', 'null'),
  cost: fc.constantFrom(null, 0, 100_000_000),
})

export const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant('start' as const), run: fc.nat(5) }) },
  {
    weight: 14,
    arbitrary: fc.record({
      do: fc.constant('claim' as const),
      run,
      step,
      nonce: fc.nat(1),
      isDecided: fc.boolean(),
      isRushed: fc.boolean(),
      acceptsSuspect: fc.nat(3).map((dice) => dice > 0),
      reads: fc.array(anyStep, { maxLength: 3 }),
    }),
  },
  {
    weight: 14,
    arbitrary: fc.record({
      do: fc.constant('settle' as const),
      run,
      step,
      nonce,
      how,
      cost: fc.constantFrom(0, 0, 0, 300_000_000),
      goOn: fc.boolean(),
      again: fc.boolean(),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('skip' as const), run, step, cause: fc.nat(20), goOn: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('spread' as const), run, step }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('append' as const), run, step, nonce, note }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('notes' as const), run, step }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('wake' as const), run, step, answer }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('signal' as const),
      run,
      name: fc.constantFrom(...SIGNALS),
      payload: fc.constantFrom('1', '1', '"ö"'),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('mirror' as const),
      run,
      step,
      status: fc.constantFrom<Standing>('queued', 'running', 'paused', 'parked', 'success'),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('release' as const), run, step, nonce }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('heartbeat' as const),
      run,
      steps: fc.array(fc.record({ step, nonce }), { maxLength: 4 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constantFrom('cancel' as const, 'pause' as const, 'pause' as const), run }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('resume' as const),
      run,
      off: fc.constantFrom(0, 0, 0, 1),
      budget: fc.constantFrom(null, 1_000_000_000, 100_000_000),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('due' as const), endsLeases: fc.nat(3).map((dice) => dice > 0) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('take-over' as const), instance: fc.constantFrom('n', 'n1', 'next', 'z') }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('restore' as const),
      run,
      off: fc.constantFrom(0, 0, 0, 1),
      isErased: fc.boolean(),
      again: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('erase' as const), run, off: fc.constantFrom(0, 1) }) },
  { weight: 1, arbitrary: fc.constant({ do: 'list' as const }) },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('advance' as const), ms: fc.constantFrom(1, 900, 5_001, 5_001, 10_001) }),
  },
)

const cleanup = [{ id: 'tidy', type: 'function', handler: 'f', input: {} }]

export const plans: fc.Arbitrary<Plan> = fc
  .record({
    count: fc.integer({ min: 2, max: 7 }),
    edges: fc.array(fc.tuple(fc.nat(6), fc.nat(6)), { maxLength: 9 }),
    routers: fc.array(fc.tuple(fc.nat(6), fc.nat(6)), { maxLength: 2 }),
    config: fc.record({
      max_concurrent_steps: fc.constantFrom(1, 2, 2, 3, 10),
      on_step_failure: fc.constantFrom('skip_downstream', 'skip_downstream', 'continue'),
      timeout: fc.constantFrom(undefined, 20),
      budget_usd: fc.constantFrom(undefined, undefined, 0.3, 0.5),
      on_budget: fc.constantFrom('stop', 'park'),
      concurrency: fc.option(
        fc.record({
          key: fc.constantFrom('k', 'ü {state.n}', 'ü {state.n}'),
          limit: fc.constantFrom(null, 1, 2, 3),
          weight: fc.constantFrom(1, 3),
        }),
        { nil: undefined },
      ),
    }),
    pooled: fc.array(fc.nat(6), { maxLength: 2 }),
    hasCleanup: fc.nat(2).map((dice) => dice === 0),
  })
  .map(({ count, edges, routers, config, pooled, hasCleanup }) => {
    const names = ['a', 'b', 'ü|:x', 'd', 'e', 'f', 'g'].slice(0, count)
    const steps = names.map((id, index) => {
      const dependsOn = [
        ...new Set(
          edges
            .filter(([x, y]) => Math.max(x, y) % count === index && Math.min(x, y) % count < index)
            .map(([x, y]) => names[Math.min(x, y) % count]),
        ),
      ]
      const target = routers.find(([router]) => router % count === index)?.[1]
      const common = { id, depends_on: dependsOn, ...(pooled.includes(index) && { queue: 'gpu' }) }
      return target === undefined
        ? { ...common, type: 'function', handler: 'f', input: {} }
        : { ...common, type: 'router', default: names[target % count] }
    })
    return compileYaml(JSON.stringify({ name: 'random', config, steps, ...(hasCleanup ? { finally: cleanup } : {}) }))
      .plan
  })

/** Of two steps side by side, the second one with something to tidy up. */
export const childPlans: readonly Plan[] = [{}, { finally: cleanup }].map((more) => {
  const steps = ['k', 'l'].map((id) => ({ id, type: 'function', handler: 'f', input: {}, depends_on: [] }))
  return compileYaml(JSON.stringify({ name: 'child', steps, ...more })).plan
})
