import { expect, test } from 'vitest'
import { StepConfigError } from '../execute/failure.ts'
import { onBehalfOf } from './behalf.ts'
import { Held } from './held.ts'

const held = (): Held => new Held({ runId: 'run', stepId: 'a', epoch: 1, nonce: 'n' })

class Store {
  readonly #error: Error | null
  constructor(error: Error | null) {
    this.#error = error
  }
  async read(key: string): Promise<string> {
    if (this.#error !== null) throw this.#error
    return `value of ${key}`
  }
}

test('a step reads through it', async () => {
  await expect(onBehalfOf(held(), new Store(null)).read('k')).resolves.toBe('value of k')
})

test('a step is given up when the store cannot be reached, and the outage is kept', async () => {
  const step = held()
  const outage = new Error('connection lost')
  await expect(onBehalfOf(step, new Store(outage)).read('k')).rejects.toBe(outage)
  expect([step.reason, step.outage]).toEqual(['lost', outage])
})

test('what the store refuses for good is the step’s own failure', async () => {
  const step = held()
  await expect(onBehalfOf(step, new Store(new StepConfigError('step/config', 'no'))).read('k')).rejects.toThrow('no')
  expect([step.reason, step.outage]).toEqual([null, null])
})

test('a step that was given up for another reason keeps it', async () => {
  const step = held()
  step.abort('drain')
  await expect(onBehalfOf(step, new Store(new Error('connection lost'))).read('k')).rejects.toThrow('connection lost')
  expect(step.reason).toBe('drain')
})
