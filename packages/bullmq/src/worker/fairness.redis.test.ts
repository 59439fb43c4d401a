import { expectNoKeys, redisUrl, removeKeys, testPrefix } from '@agentloom/testing'
import { compileYaml, defineFunction } from '@agentloom/workflow'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import { createClient, type Client } from '../client/client.ts'
import { startTestWorker } from '../testing/test-worker.fixture.ts'

let prefix: string
let client: Client

beforeEach(async () => {
  prefix = testPrefix()
  client = await createClient({ redis: redisUrl(), prefix })
})

afterEach(async () => {
  await client.close()
  await removeKeys(prefix)
  await expectNoKeys(prefix)
})

const { plan } = compileYaml(`
name: fair
config: {concurrency: {key: "{state.tenant}"}}
steps:
  - {id: a, type: function, handler: held, input: {tenant: state.tenant}}
  - {id: b, type: function, handler: held, input: {tenant: state.tenant}, depends_on: [a]}
`)

/** Steps that begin, and end only when they are let go of, in the order in which they began. */
function heldSteps() {
  const begun: string[] = []
  const waiting: (() => void)[] = []
  const definition = defineFunction({
    name: 'held',
    input: z.object({ tenant: z.string() }),
    run: ({ tenant }) => {
      begun.push(tenant)
      return new Promise<string>((resolve) => waiting.push(() => resolve('done')))
    },
  })
  return { definition, begun, letGo: () => waiting.shift()?.() }
}

/** More than there are bells under way, so that the newcomer's comes after them. */
const MANY = 80
const PLACES = 4

test('with all places taken and many runs of A waiting, the first place that is free is B’s', async () => {
  const { definition, begun, letGo } = heldSteps()
  for (let n = 0; n < MANY; n += 1) await client.start(plan, { runId: `a${n}`, input: { tenant: 'A' } })
  await using _worker = (await startTestWorker({ prefix, functions: [definition], concurrency: PLACES })).runtime
  await expect.poll(() => begun).toEqual(['A', 'A', 'A', 'A'])
  await client.start(plan, { runId: 'b0', input: { tenant: 'B' } })
  letGo()
  await expect.poll(() => begun.slice(PLACES)).toEqual(['B'])
  const [steps] = await client.queues()
  expect(await steps?.getWaitingCount()).toBeLessThanOrEqual(32)
  const letAllGo = setInterval(() => letGo(), 0)
  try {
    for (const runId of ['b0', 'a0', `a${MANY - 1}`]) expect((await client.waitForEnd(runId)).status).toBe('success')
  } finally {
    clearInterval(letAllGo)
  }
  expect(begun.filter((tenant) => tenant === 'A')).toHaveLength(2 * MANY)
})

test('a key’s limit holds over workers, and its runs all come to their end', async () => {
  let atWork = 0
  let most = 0
  const counted = defineFunction({
    name: 'held',
    input: z.object({ tenant: z.string() }),
    async run() {
      most = Math.max(most, (atWork += 1))
      await new Promise((resolve) => setImmediate(resolve))
      atWork -= 1
      return 'done'
    },
  })
  const { plan: limited } = compileYaml(`
name: limited
config: {concurrency: {key: "{state.tenant}", limit: 3}}
steps:
  - {id: a, type: function, handler: held, input: {tenant: state.tenant}}
  - {id: b, type: function, handler: held, input: {tenant: state.tenant}, depends_on: [a]}
  - {id: c, type: function, handler: held, input: {tenant: state.tenant}, depends_on: [a]}
`)
  const ids = Array.from({ length: 40 }, (_, n) => `run${n}`)
  const worker = (name: string) => startTestWorker({ prefix, worker: name, functions: [counted], concurrency: 8 })
  await using _one = (await worker('one')).runtime
  await using _two = (await worker('two')).runtime
  await Promise.all(ids.map((runId) => client.start(limited, { runId, input: { tenant: 'A' } })))
  for (const runId of ids) expect((await client.waitForEnd(runId)).status).toBe('success')
  expect(most).toBeLessThanOrEqual(3)
})

test('a run without what its key is made of is refused', async () => {
  await expect(client.start(plan, { runId: 'run', input: {} })).rejects.toMatchObject({
    code: 'run/concurrency-key',
    place: 'config.concurrency.key',
  })
  expect(await client.header('run')).toBeNull()
})
