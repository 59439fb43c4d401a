import { toPlain } from '@agentloom/workflow'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { misbehaviours } from './misbehaviours.ts'
import { type WorkerProcess, Yard } from './worker.ts'

// Section D: one worker process goes through everything that functions can do to it, and lives.

describe('D: what functions give back and throw', () => {
  let yard: Yard
  let worker: WorkerProcess
  let count = 0
  const runId = () => `r${(count += 1)}`
  beforeAll(async () => {
    yard = await Yard.open()
    worker = yard.worker()
    await worker.ready
  })
  afterAll(() => yard[Symbol.asyncDispose]())

  test.for(misbehaviours)('$name', async ({ name, expected }) => {
    const id = runId()
    const isThrown = 'message' in expected
    // What breaks a rule is refused for good; what code throws follows the retry policy.
    const retry = `{max_retries: 1, backoff_max: 0}`
    const view = await yard.run(
      id,
      `handler: misbehave, input: {row: ${JSON.stringify(name)}}, output: out, retry: ${retry}`,
    )
    const [step] = view.steps
    if ('output' in expected) {
      expect(view).toMatchObject({ status: 'success', error: null })
      expect(toPlain(step?.output ?? null)).toEqual(expected.output)
      return
    }
    expect(view.status).toBe('failed')
    expect(step).toMatchObject({ status: 'failed', output: null, attempts: isThrown ? 2 : 1 })
    const { code = '', place = null, message = '' } = step?.error ?? {}
    if ('code' in expected) {
      expect(code).toBe(expected.code)
      expect(place).toBe(expected.place === null ? place : `run ${id} · step step · ${expected.place}`)
    } else {
      expect(code).toBe('step/threw')
      expect(message).toEqual(
        typeof expected.message === 'string' ? expected.message : expect.stringMatching(expected.message),
      )
    }
    expect(view.error).toMatchObject({ code, place })
  })

  test('D16 a promise that is never kept ends at the step’s deadline, and its signal fires', async () => {
    const view = await yard.run(runId(), 'handler: forgetful, timeout: 0.2, retry: {max_retries: 0}')
    expect(view.steps).toMatchObject([{ status: 'timeout', error: { code: 'step/timed-out' } }])
    expect(toPlain((await yard.run(runId(), 'handler: abort-count')).steps[0]?.output ?? null)).toBe(1)
  })

  test('D28 an input that is spoilt is a copy', async () => {
    const id = runId()
    const spoilt = await yard.run(id, 'handler: spoil, input: {list: [1, 2]}')
    expect(spoilt.steps[0]?.output).toBe(3)
    const again = await yard.run(runId(), 'handler: spoil, input: {list: [1, 2]}')
    expect(again.steps[0]?.output).toBe(3)
  })

  test('after all of it, the same worker does good work, has told of the stray errors, and goes when it is told', async () => {
    expect(await yard.run(runId(), 'handler: well-behaved')).toMatchObject({ status: 'success' })
    expect(worker.isAlive).toBe(true)
    expect(worker.log.filter((line) => line.includes('stray rejection that no step caught'))).not.toEqual([])
    expect(await worker.stop()).toBe(143)
  })
})

describe('D: what takes the whole process along', () => {
  test.for([
    ['D17 a promise that resolves to itself without end', 'then'],
    ['D18 a loop without end', 'loop'],
    ['D20 process.exit(0)', 'exit'],
    ['D20 a signal to oneself', 'kill'],
  ])('%s: another worker takes the step over', { concurrent: true, timeout: 60_000 }, async ([, way], { expect }) => {
    await using yard = await Yard.open()
    const first = yard.worker()
    await first.ready
    await yard.start('r', `handler: deadly, input: {way: ${way}}`)
    await expect.poll(() => yard.claims('r'), { timeout: 20_000 }).toBe(1)
    const second = yard.worker()
    await second.ready
    const view = await yard.ended('r')
    expect(view.steps).toMatchObject([{ status: 'success', output: 'survived' }])
    expect(await yard.claims('r')).toBe(2)
  })
})
