import { expect, test } from 'vitest'
import { compileYaml } from '@agentloom/workflow'
import { Held } from '../walk/held.ts'
import { VirtualClock } from '../testing/virtual-clock.ts'
import { whileNotIdle } from './idle.ts'

const [node] = compileYaml('name: w\nsteps: [{id: a, type: function, handler: f, input: {}}]').plan.nodes

function opened() {
  const clock = new VirtualClock()
  const held = new Held({ runId: 'run', stepId: 'a', epoch: 1, nonce: 'n' })
  const done = Promise.withResolvers<string>()
  if (node === undefined) throw new Error('no node')
  const result = whileNotIdle({ clock }, { held, node }, 1_000, () => done.promise)
  return { clock, held, done, result }
}

test('a function that is silent for too long is given up', () => {
  const { clock, held } = opened()
  clock.advance(999)
  expect(held.reason).toBeNull()
  clock.advance(1)
  expect(held.reason).toBe('timeout')
  expect(held.timedOutBy).toMatchObject({ code: 'step/idle', retryable: true })
  expect(held.signal.aborted).toBe(true)
})

test('one that tells that it gets on may take as long as it likes', async () => {
  const { clock, held, done, result } = opened()
  for (let count = 0; count < 10; count += 1) {
    clock.advance(900)
    held.progress()
  }
  expect(held.reason).toBeNull()
  done.resolve('done')
  expect(await result).toBe('done')
  clock.advance(60_000)
  expect(held.reason).toBeNull() // nobody watches any more
})

test('without a deadline nobody watches', async () => {
  const held = new Held({ runId: 'run', stepId: 'a', epoch: 1, nonce: 'n' })
  if (node === undefined) throw new Error('no node')
  expect(await whileNotIdle({ clock: new VirtualClock() }, { held, node }, null, () => 'at once')).toBe('at once')
})
