import { compileYaml, defineFunction, toPlain, type Plan } from '@agentloom/workflow'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { RunView } from '../fold/run-view.ts'
import { MemoryRuntime, type MemoryRuntimeOptions } from '../testing/memory-runtime.ts'

const calls: string[] = []

const step = defineFunction({
  name: 'step',
  input: z.object({ say: z.unknown(), fail: z.boolean().default(false) }),
  run({ say, fail }) {
    calls.push(String(say))
    if (fail) throw new Error(`${String(say)} failed`)
    return say
  },
})

/** One that fails until it is repaired. */
let isBroken = true
const fragile = defineFunction({
  name: 'fragile',
  input: z.object({}),
  run() {
    calls.push('fragile')
    if (isBroken) throw new Error('not yet')
    return 'repaired'
  },
})

function runtime(options: MemoryRuntimeOptions = {}): MemoryRuntime {
  calls.length = 0
  isBroken = true
  return new MemoryRuntime({ functions: [step, fragile], ...options })
}

function planOf(yaml: string): Plan {
  return compileYaml(`name: wf\n${yaml}`).plan
}

async function started(yaml: string, options: MemoryRuntimeOptions = {}) {
  const at = runtime(options)
  const plan = planOf(yaml)
  const view = await at.run(plan)
  return {
    at,
    plan,
    view,
    next: async (): Promise<RunView> => {
      await at.settle()
      return at.view(plan)
    },
  }
}

const shown = ({ status, steps }: RunView): string =>
  [
    status,
    ...steps.map(({ id, status: is, waitingAt }) => `${id} ${is}${waitingAt.map((gate) => ` @${gate}`).join('')}`),
  ].join(', ')

const GATE = `
steps:
  - {id: gate, type: approval_gate, output: verdict}
  - {id: after, type: function, handler: step, depends_on: [gate], input: {say: state.verdict}, retry: {max_retries: 0}}
`

describe('a gate', () => {
  test('holds the run until a decision comes, which is its output', async () => {
    const { at, view, next } = await started(GATE)
    expect(shown(view)).toBe('paused, gate paused @gate')
    expect(await at.decide('gate', 'rejected')).toEqual({ outcome: 'decided', path: 'gate' })
    const end = await next()
    expect(shown(end)).toBe('success, gate success, after success')
    expect(toPlain(end.state)).toMatchObject({ verdict: 'rejected' })
    expect(calls).toEqual(['rejected'])
  })

  test('is decided once: the same again changes nothing, another is refused', async () => {
    const { at } = await started(GATE)
    await at.decide(null, 'approved')
    expect(await at.decide('gate', 'approved')).toMatchObject({ outcome: 'decided' })
    expect(await at.decide('gate', 'rejected')).toMatchObject({ outcome: 'refused', reason: 'decided' })
    await at.settle()
    expect(await at.decide('gate', 'rejected')).toMatchObject({ outcome: 'refused' })
    expect(calls).toEqual(['approved'])
  })

  test.each([
    ['nope', 'no-gate'],
    ['after', 'not-waiting'],
  ])('%s is none that waits', async (path, reason) => {
    const { at } = await started(GATE)
    expect(await at.decide(path, 'approved')).toEqual({ outcome: 'refused', reason, gates: ['gate'] })
  })

  test('fails for what is no decision, and is asked again after a resume', async () => {
    const { at, plan, next } = await started(GATE)
    await at.decide('gate', 'maybe')
    const failed = await next()
    expect(shown(failed)).toBe('failed, gate failed, after skipped')
    expect(failed.error).toMatchObject({
      code: 'gate/decision',
      message: "Step 'gate': Invalid approval decision 'maybe'. Expected 'approved' or 'rejected'.",
    })
    await at.resume(plan)
    expect(shown(await next())).toBe('paused, gate paused @gate')
    await at.decide('gate', 'approved')
    expect(shown(await next())).toBe('success, gate success, after success')
  })

  test('takes a decision that comes with the resume which repeats it', async () => {
    const { at, plan, next } = await started(GATE)
    await at.decide('gate', 'maybe')
    await next()
    await at.resume(plan, 'run', { gate: 'approved' })
    expect(shown(await next())).toBe('success, gate success, after success')
  })

  test('that is not reached yet finds its decision when it is', async () => {
    const { at, plan, next } = await started(`
steps:
  - {id: first, type: approval_gate}
  - {id: second, type: approval_gate, depends_on: [first]}
`)
    await at.resume(plan, 'run', { first: 'approved', second: 'rejected' })
    const end = await next()
    expect(shown(end)).toBe('success, first success, second success')
    expect(end.steps[1]?.output).toBe('rejected')
  })

  test('cannot be decided by the state', async () => {
    const { view } = await started(`state: {_approval: {gate: approved}}${GATE}`)
    expect(view.status).toBe('paused')
  })

  test.each([
    ['approve', 'approved'],
    ['reject', 'rejected'],
  ])('with a time-out decides by itself: %s', async (onTimeout, verdict) => {
    const { at, next } = await started(
      GATE.replace('output: verdict', `output: verdict, timeout_seconds: 60, on_timeout: ${onTimeout}`),
    )
    const before = at.clock.now()
    await at.passTime()
    expect(at.clock.now() - before).toBe(60_000)
    expect(toPlain((await next()).state)).toMatchObject({ verdict })
  })

  test('with a time-out and no default fails as one that ran out of time, and is not tried again', async () => {
    const { at, next } = await started(GATE.replace('output: verdict', 'timeout_seconds: 60'))
    await at.passTime()
    const end = await next()
    expect(shown(end)).toBe('failed, gate timeout, after skipped')
    expect(end.steps[0]?.attempts).toBe(1)
  })

  test('stays paused when its user paused the run, and goes on when he lets it', async () => {
    const { at, plan, next } = await started(GATE)
    await at.journal.pause('run', 'holiday')
    await at.decide('gate', 'approved')
    expect((await next()).status).toBe('paused')
    await at.resume(plan)
    expect(shown(await next())).toBe('success, gate success, after success')
  })
})

const CHILD = `
steps:
  - {id: before, type: function, handler: step, input: {say: before}, output: b}
  - id: sub
    type: subworkflow
    depends_on: [before]
    retry: {max_retries: 0}
    workflow_inline:
      name: child
      state: {own: 1}
      steps:
        - {id: one, type: function, handler: step, input: {say: one}, output: x}
        - {id: gate, type: approval_gate, depends_on: [one], output: verdict}
        - {id: two, type: function, handler: step, depends_on: [gate], input: {say: state.verdict}, output: y}
    return_keys: [own, b, x, y]
    output: child
  - {id: after, type: function, handler: step, depends_on: [sub], input: {say: state.child.y}}
`

describe('a child run', () => {
  test('shows its gate in the parent, which goes on when that is decided; nothing is repeated', async () => {
    const { at, view, next } = await started(CHILD)
    expect(shown(view)).toBe('paused, before success, sub paused @sub.gate')
    await at.decide('sub.gate', 'approved')
    const end = await next()
    expect(shown(end)).toBe('success, before success, sub success, after success')
    expect(toPlain(end.steps[1]?.output ?? null)).toEqual({ own: 1, b: 'before', x: 'one', y: 'approved' })
    expect(calls).toEqual(['before', 'one', 'approved', 'approved'])
  })

  test('is hidden in lists, and ends with its parent', async () => {
    const { at } = await started(CHILD)
    expect((await at.journal.list({ limit: 9 })).map(({ runId }) => runId)).toEqual(['run'])
    await at.journal.cancel('run', 'enough')
    expect((await at.journal.header('run.sub'))?.status).toBe('cancelled')
  })

  test('that is paused with its parent goes on with it', async () => {
    const { at, plan, next } = await started(CHILD)
    await at.resume(plan, 'run', { 'sub.gate': 'approved' })
    expect(shown(await next())).toBe('success, before success, sub success, after success')
  })

  test('that failed leaves what it has; a resume starts the next', async () => {
    const { at, plan, view, next } = await started(`
steps:
  - id: sub
    type: subworkflow
    isolated_state: true
    retry: {max_retries: 0}
    workflow_inline:
      name: child
      steps:
        - {id: one, type: function, handler: step, input: {say: one}, output: x}
        - {id: two, type: function, handler: fragile, depends_on: [one], input: {}, output: y, retry: {max_retries: 0}}
    return_keys: [x, y]
    output: child
`)
    expect(shown(view)).toBe('failed, sub failed')
    expect(toPlain(view.state)).toMatchObject({
      child: { x: 'one' },
      steps: { sub: { status: 'failed', output: { x: 'one' } } },
    })
    expect(view.error?.message).toBe('Error: not yet')
    isBroken = false
    await at.resume(plan)
    const end = await next()
    expect(shown(end)).toBe('success, sub success')
    expect(calls).toEqual(['one', 'fragile', 'one', 'fragile'])
    expect((await at.journal.list({ limit: 9, withChildren: true })).map(({ runId }) => runId).sort()).toEqual([
      'run',
      'run.sub',
      'run.sub~2',
    ])
  })

  test('is tried again as often as the step says, each time from its beginning', async () => {
    const { view } = await started(`
steps:
  - id: sub
    type: subworkflow
    retry: {max_retries: 2}
    workflow_inline:
      name: child
      steps: [{id: two, type: function, handler: fragile, input: {}, retry: {max_retries: 0}}]
`)
    expect(view.steps[0]).toMatchObject({ status: 'failed', attempts: 3 })
    expect(calls).toEqual(['fragile', 'fragile', 'fragile'])
  })

  test('that its parent’s time-out ended goes on where it stood when that is resumed', async () => {
    const { at, plan, view, next } = await started(`
config: {timeout: 10}
steps:
  - id: sub
    type: subworkflow
    workflow_inline:
      name: child
      steps:
        - {id: one, type: function, handler: step, input: {say: one}}
        - {id: nap, type: sleep, seconds: 30, depends_on: [one]}
        - {id: two, type: function, handler: step, depends_on: [nap], input: {say: two}, output: y}
    return_keys: [y]
    output: child
`)
    expect(view.status).toBe('timeout')
    expect((await at.journal.header('run.sub'))?.error?.code).toBe('run/parent-ended')
    at.clock.advance(30_000)
    await at.resume(plan)
    expect(shown(await next())).toBe('success, sub success')
    expect(calls).toEqual(['one', 'two'])
  })

  test('lives no longer than the step may', async () => {
    const { view } = await started(`
steps:
  - id: sub
    type: subworkflow
    timeout: 5
    retry: {max_retries: 0}
    workflow_inline:
      name: child
      steps: [{id: nap, type: sleep, seconds: 30}]
`)
    expect(shown(view)).toBe('failed, sub timeout')
    expect(view.steps[0]?.output).toBeNull()
  })

  test('is looked after, should the news of its end get lost', async () => {
    const { at, next } = await started(CHILD)
    await at.journal.cancel('run.sub', 'behind everybody’s back') // and nobody tells
    await at.passTime()
    const end = await next()
    expect(shown(end)).toBe('failed, before success, sub failed, after skipped')
    expect(end.error).toMatchObject({ code: 'run/cancelled', message: 'behind everybody’s back' })
  })

  test.each([
    { budget: 1, run: 'success', sub: 'success', usd: 0.03, code: undefined },
    { budget: 0.015, run: 'budget_exceeded', sub: 'failed', usd: 0.02, code: 'run/budget-exceeded' },
    // Its last step went over it: it has done what it had to, and the parent ends.
    { budget: 0.025, run: 'budget_exceeded', sub: 'success', usd: 0.03, code: undefined },
  ])('spends no more than its parent has left: $budget', async ({ budget, run, sub, usd, code }) => {
    const priced = {
      call: async () => ({
        text: 'said',
        toolCalls: [],
        model: 'm',
        provider: 'mock',
        finishReason: 'stop',
        usage: { promptTokens: 1, completionTokens: 1, totalTokens: 2, reasoningTokens: 0 },
        costNanoUsd: 10_000_000,
        firstTokenMs: null,
      }),
    }
    const { view } = await started(
      `
config: {provider: mock, budget_usd: ${budget}}
steps:
  - id: sub
    type: subworkflow
    retry: {max_retries: 0}
    workflow_inline:
      name: child
      config: {provider: mock}
      steps:
        - {id: a, type: llm_call, prompt: A}
        - {id: b, type: llm_call, prompt: B, depends_on: [a]}
        - {id: c, type: llm_call, prompt: C, depends_on: [b]}
`,
      { models: priced },
    )
    expect([view.status, view.costNanoUsd / 1e9]).toEqual([run, usd])
    expect(view.steps[0]?.status).toBe(sub)
    expect(view.steps[0]?.error?.code).toBe(code)
  })
})

test('a run that waits for money goes on when it gets more, and so do its child runs', async () => {
  const priced = {
    call: async () => ({
      text: 'said',
      toolCalls: [],
      model: 'm',
      provider: 'mock',
      finishReason: 'stop',
      usage: { promptTokens: 1, completionTokens: 1, totalTokens: 2, reasoningTokens: 0 },
      costNanoUsd: 10_000_000,
      firstTokenMs: null,
    }),
  }
  const yaml = `
config: {provider: mock, budget_usd: 0.015, on_budget: park}
steps:
  - id: sub
    type: subworkflow
    workflow_inline:
      name: child
      config: {provider: mock, on_budget: park}
      steps:
        - {id: a, type: llm_call, prompt: A}
        - {id: b, type: llm_call, prompt: B, depends_on: [a]}
        - {id: c, type: llm_call, prompt: C, depends_on: [b]}
  - {id: d, type: llm_call, prompt: D, depends_on: [sub]}
`
  const { at, plan, view, next } = await started(yaml, { models: priced })
  expect(shown(view)).toBe('parked, sub parked')
  await at.resume(plan, 'run', {}, 35_000_000)
  const end = await next()
  expect(shown(end)).toBe('success, sub success, d success')
  expect(end.costNanoUsd).toBe(40_000_000)
})

describe('time and signals', () => {
  test('a step sleeps without a worker, and others go on', async () => {
    const { at, view } = await started(`
steps:
  - {id: nap, type: sleep, seconds: 3600}
  - {id: other, type: function, handler: step, input: {say: other}}
  - {id: after, type: function, handler: step, depends_on: [nap], input: {say: after}}
`)
    expect(shown(view)).toBe('success, nap success, other success, after success')
    expect(at.clock.now() - 1_700_000_000_000).toBe(3_600_000)
    expect(calls).toEqual(['other', 'after'])
  })

  test('a sleep until a time that has passed is over at once; one until nonsense fails', async () => {
    const until = (text: string) =>
      started(`state: {day: ${text}}\nsteps: [{id: nap, type: sleep, until: "{state.day}", retry: {max_retries: 0}}]`)
    expect(shown((await until('"2001-01-01T00:00:00Z"')).view)).toBe('success, nap success')
    expect((await until('tomorrow')).view.error).toMatchObject({ code: 'step/config' })
  })

  const WAIT = `
steps:
  - {id: wait, type: wait_for, signal: "paid", output: payment}
  - {id: after, type: function, handler: step, depends_on: [wait], input: {say: state.payment.amount}}
`

  test('a signal’s payload is the output of the step that waited for it', async () => {
    const { at, view, next } = await started(WAIT)
    expect(shown(view)).toBe('parked, wait parked')
    await at.signal('other', {})
    expect((await next()).status).toBe('parked')
    await at.signal('paid', { amount: 12.5 })
    expect(shown(await next())).toBe('success, wait success, after success')
    expect(calls).toEqual(['12.5'])
  })

  test('a signal that was sent before the wait is kept; its first payload stays', async () => {
    const at = runtime()
    const plan = planOf(WAIT)
    await at.start(plan)
    await at.signal('paid', { amount: 1 })
    await at.signal('paid', { amount: 2 })
    await at.settle()
    expect(toPlain((await at.view(plan)).state)).toMatchObject({ payment: { amount: 1 } })
  })

  test('a signal reaches child runs, also those that begin later', async () => {
    const yaml = `
steps:
  - id: early
    type: subworkflow
    workflow_inline: {name: c, steps: [{id: w, type: wait_for, signal: go, output: got}]}
    return_keys: [got]
    output: early
  - id: late
    type: subworkflow
    depends_on: [early]
    workflow_inline: {name: c, steps: [{id: w, type: wait_for, signal: go, output: got}]}
    return_keys: [got]
    output: late
`
    const { at, view, next } = await started(yaml)
    expect(shown(view)).toBe('parked, early parked')
    await at.signal('go', 7)
    expect(toPlain((await next()).state)).toMatchObject({ early: { got: 7 }, late: { got: 7 } })
  })

  test.each([
    ['fail', 'failed, wait timeout, after skipped'],
    ['continue', 'success, wait success, after success'],
  ])('a signal that does not come in time: %s', async (onTimeout, end) => {
    const { view } = await started(
      WAIT.replace('output: payment', `output: payment, timeout: 60, on_timeout: ${onTimeout}`).replace(
        'state.payment.amount',
        'x',
      ),
    )
    expect(shown(view)).toBe(end)
  })

  test.each(['', '$gate:1:x'])('a signal cannot be named %j', async (name) => {
    const { at } = await started(WAIT)
    await expect(at.signal(name, 1)).rejects.toMatchObject({ code: 'run/bad-option' })
  })
})

describe('when and join', () => {
  test('a step whose when is false is skipped like one that a router passes over', async () => {
    const { view } = await started(`
state: {n: 1}
steps:
  - {id: a, type: function, handler: step, input: {say: a}, when: "state.n > 1"}
  - {id: b, type: function, handler: step, input: {say: b}, when: "state.n == 1"}
  - {id: below, type: function, handler: step, depends_on: [a], input: {say: below}}
`)
    expect(shown(view)).toBe('success, a skipped, b success, below skipped')
    expect(view.steps.every(({ error }) => error === null)).toBe(true)
    expect(calls).toEqual(['b'])
  })

  test('a when that cannot be evaluated fails the step, once', async () => {
    const { view } = await started(
      `steps: [{id: a, type: function, handler: step, input: {say: a}, when: "len(state.n) > 1"}]`,
    )
    expect(shown(view)).toBe('failed, a failed')
    expect(calls).toEqual([])
  })

  test('join: any runs where one dependency speaks for the step', async () => {
    const { view } = await started(`
steps:
  - {id: good, type: function, handler: step, input: {say: good}}
  - {id: bad, type: function, handler: step, input: {say: bad, fail: true}, retry: {max_retries: 0}}
  - {id: any, type: function, handler: step, depends_on: [good, bad], join: any, input: {say: any}}
  - {id: all, type: function, handler: step, depends_on: [good, bad], input: {say: all}}
  - {id: none, type: function, handler: step, depends_on: [bad], join: any, input: {say: none}}
`)
    expect(shown(view)).toBe('failed, bad failed, good success, all skipped, any success, none skipped')
  })
})

describe('what is done at the end', () => {
  const CLEANUP = (fails: boolean) => `
state: {v: 1}
steps:
  - {id: a, type: function, handler: step, input: {say: a}, output: av, compensate: {type: function, handler: step, input: {say: undo-a}}}
  - {id: b, type: function, handler: step, depends_on: [a], input: {say: b}, output: bv, compensate: {type: function, handler: step, input: {say: state.bv}}}
  - {id: c, type: function, handler: step, depends_on: [b], input: {say: c, fail: ${fails}}, retry: {max_retries: 0}, compensate: {type: function, handler: step, input: {say: undo-c}}}
finally:
  - {id: bye, type: function, handler: step, input: {say: state.av}}
`

  test('a failed run undoes what had succeeded, the last first, and its finally runs', async () => {
    const { view } = await started(CLEANUP(true))
    expect(calls).toEqual(['a', 'b', 'c', 'b', 'undo-a', 'a'])
    expect(shown(view)).toBe('failed, a success, b success, c failed, finally success')
    expect(view.error?.message).toBe('Error: c failed')
  })

  test('one that succeeded undoes nothing', async () => {
    const { view } = await started(CLEANUP(false))
    expect(calls).toEqual(['a', 'b', 'c', 'a'])
    expect(view.status).toBe('success')
  })

  test('after a resume it happens again at the next end', async () => {
    const { at, plan, next } = await started(
      CLEANUP(true)
        .replace('handler: step, depends_on: [b]', 'handler: fragile, depends_on: [b]')
        .replace('{say: c, fail: true}', '{}'),
    )
    expect(calls).toEqual(['a', 'b', 'fragile', 'b', 'undo-a', 'a'])
    isBroken = false
    await at.resume(plan)
    const end = await next()
    expect(end.status).toBe('success')
    expect(calls.slice(6)).toEqual(['fragile', 'a'])
  })

  test('a cleanup that fails makes a success a failure', async () => {
    const { view } = await started(`
steps: [{id: a, type: function, handler: step, input: {say: a}}]
finally: [{id: bye, type: function, handler: fragile, input: {}, retry: {max_retries: 0}}]
`)
    expect(shown(view)).toBe('failed, a success, finally failed')
    expect(view.error?.message).toBe('Error: not yet')
  })

  test('a cancelled run cleans up, too', async () => {
    const at = runtime()
    const plan = planOf(`
steps:
  - {id: a, type: function, handler: step, input: {say: a}, compensate: {type: function, handler: step, input: {say: undo-a}}}
  - {id: gate, type: approval_gate, depends_on: [a]}
`)
    await at.run(plan)
    await at.journal.cancel('run', 'enough')
    await at.settle()
    expect((await at.view(plan)).status).toBe('cancelled')
    expect(calls).toEqual(['a', 'undo-a'])
  })
})
