import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Job, Worker } from 'bullmq'
import { STEPS_QUEUE } from '@agentloom/bullmq'
import { type WorkerProcess, Yard } from './worker.ts'

// Section E: jobs that others add, change or remove. The journal decides, so whatever happens to jobs costs time only. Ids of our own
// jobs (E7 to E10) are built in one place and tested there.

const RUN = 'handler: well-behaved'
const good = { v: 1, run: 'nobody', step: 'step', epoch: 1 }
const wide = Object.fromEntries(Array.from({ length: 200 }, (_, n) => [`f${n}`, n]))

describe('E: jobs that others add', () => {
  let yard: Yard
  let worker: WorkerProcess
  beforeAll(async () => {
    yard = await Yard.open()
    worker = yard.worker()
    await worker.ready
  })
  afterAll(() => yard[Symbol.asyncDispose]())

  /** How BullMQ shows the job in the end: its failure, or that it is done. */
  async function endOf(job: Job): Promise<string> {
    await expect.poll(() => job.getState(), { timeout: 10_000 }).toMatch(/completed|failed/)
    const queue = job.queueName === STEPS_QUEUE ? yard.steps : yard.runs
    const { failedReason } = (await queue.getJob(job.id ?? '')) ?? {}
    return failedReason ?? 'done'
  }

  test.for<readonly [name: string, data: unknown]>([
    ['E1 null', null],
    ['E1 a text', 'text'],
    ['E1 a list', []],
    ['E1 nothing', {}],
    ['E1 a number as run', { ...good, run: 5 }],
    ['E1 a mapping as step', { ...good, step: {} }],
    ['E1 a run id that is none', { ...good, run: '../x' }],
    ['E1 an epoch below 0', { ...good, epoch: -1 }],
    ['E1 a fraction as epoch', { ...good, epoch: 1.5 }],
    ['E4 20 MB', { ...good, text: 'x'.repeat(20_000_000) }],
    ['E4 20 kB', { ...good, a: 'x'.repeat(20_000), b: 1 }],
    ['E23 a version before the first', { ...good, v: 0 }],
  ])('%s on the steps’ queue is malformed, once', async ([, data]) => {
    expect(await endOf(await yard.steps.add('bad · step', data, { attempts: 3 }))).toMatch(/^job\/malformed \S/)
  })

  test.for<readonly [name: string, data: unknown, reason: string]>([
    ['E1 null', null, 'job/malformed'],
    ['E1 a text', 'text', 'job/malformed'],
    ['E1 a list', [], 'job/malformed'],
    ['E1 nothing', {}, 'job/malformed'],
    ['E1 a number as workflow', { workflow: 5 }, 'job/malformed'],
    ['E1 a list as input', { workflow: 'greeting', input: [] }, 'job/malformed'],
    ['E1 a workflow that nobody has', { workflow: 'nope' }, 'run/unknown-workflow'],
    ['E1 a name of objects as workflow', { workflow: '__proto__' }, 'run/unknown-workflow'],
    ['E1 an id that is none', { workflow: 'greeting', id: 'a/b' }, 'run/bad-option'],
    ['E1 33 tags', { workflow: 'greeting', tags: Array(33).fill('t') }, 'run/bad-option'],
    ['E1 an empty tenant', { workflow: 'greeting', tenant: '' }, 'run/bad-option'],
    ['E1 half of a surrogate pair as input', { workflow: 'greeting', input: { who: 'a\ud800' } }, 'result/character'],
    ['E3 a misspelt field', { workflow: 'greeting', prioritty: 5 }, 'job/malformed data: Unrecognized key:'],
    ['E3 a version to come', { workflow: 'greeting', v: 2 }, 'job/malformed'],
    ['E20 a priority of -1', { workflow: 'greeting', priority: -1 }, 'run/bad-option'],
    ['E20 a priority of 1.5', { workflow: 'greeting', priority: 1.5 }, 'run/bad-option'],
    ['E20 a text as priority', { workflow: 'greeting', priority: '5' }, 'job/malformed'],
    ['E20 NaN as priority', { workflow: 'greeting', priority: NaN }, 'job/malformed'],
    ['E20 a priority above BullMQ’s', { workflow: 'greeting', priority: 2_097_152 }, 'run/bad-option'],
  ])('%s on the runs’ queue starts nothing', async ([, data, reason]) => {
    const before = (await yard.client.list({ limit: 100 })).length
    expect(await endOf(await yard.runs.add('start-run', data))).toMatch(new RegExp(`^${reason} \\S`))
    expect(await yard.client.list({ limit: 100 })).toHaveLength(before)
  })

  test('E2 a bell for a run that nobody knows, that is over, or whose step is not ready, comes late', async () => {
    expect((await yard.run('over', RUN)).status).toBe('success')
    for (const data of [
      good,
      { ...good, run: 'over' },
      { ...good, run: 'over', step: 'nope' },
      { ...good, run: 'over', epoch: 99 },
    ])
      expect(await endOf(await yard.steps.add('bad · step', data))).toBe('done')
    expect(await yard.claims('over')).toBe(1)
  })

  test('E3 foreign fields of a step’s job are left alone; a start of version 1 may say so', async () => {
    const data: object = JSON.parse(JSON.stringify({ ...good, ...wide }).replace('{', '{"__proto__": {"polluted": 1},'))
    expect(await endOf(await yard.steps.add('bad · step', data))).toBe('done')
    const polluted: object = JSON.parse('{"workflow": "greeting", "__proto__": {"id": "x"}}')
    expect(await endOf(await yard.runs.add('start-run', polluted))).toMatch(/^job\/malformed \S/)
    expect(await endOf(await yard.runs.add('start-run', { v: 1, workflow: 'greeting', id: 'foreign' }))).toBe('done')
    expect((await yard.ended('foreign')).status).toBe('success')
  })

  test('E6 an id without a job behind it is got rid of', async () => {
    const idsIn = async (list: string) => yard.redis.lrange(yard.steps.toKey(list), 0, -1)
    await yard.redis.lpush(yard.steps.toKey('wait'), 'ghost')
    await yard.steps.add('bad · step', good) // so that the worker looks
    await expect
      .poll(async () => [...(await idsIn('wait')), ...(await idsIn('active'))], { timeout: 10_000 })
      .not.toContain('ghost')
  })

  test('E15 a job that is retried by hand runs nothing again', async () => {
    expect((await yard.run('once', RUN)).status).toBe('success')
    const completed = async () => (await yard.steps.getCompleted()).find(({ data }) => data.run === 'once')
    await expect.poll(completed, { timeout: 5_000 }).toBeDefined()
    const job = await completed()
    await job?.retry('completed')
    await expect.poll(() => job?.getState(), { timeout: 10_000 }).toBe('completed')
    expect(await yard.claims('once')).toBe(1)
  })

  test('E16 a retry that is promoted runs at once, and once', async () => {
    await yard.start(
      'waiting',
      'handler: misbehave, input: {row: "D22 a text"}, retry: {max_retries: 1, backoff_max: 600, backoff_base: 600, jitter: false}',
    )
    const delayed = await vi.waitUntil(async () => (await yard.steps.getDelayed())[0], { timeout: 10_000 })
    await delayed.promote()
    await yard.ended('waiting')
    expect(await yard.claims('waiting')).toBe(2)
  })

  test.for(['cleanup', '', '5', '漢'])('E22 a job named %j is foreign', async (name) => {
    expect(await endOf(await yard.runs.add(name, { workflow: 'greeting' }))).toMatch(/^job\/malformed /)
    expect(await endOf(await yard.steps.add(name, {}))).toMatch(/^job\/malformed /)
  })

  test('E22 a repeating job of others is finished again and again, and never executed', async () => {
    const runs = (await yard.client.list({ limit: 100 })).length
    await yard.runs.upsertJobScheduler('foreign', { every: 100 }, { name: 'cleanup', data: {} })
    await expect
      .poll(async () => (await yard.runs.getFailed()).filter(({ repeatJobKey }) => repeatJobKey === 'foreign').length, {
        timeout: 10_000,
      })
      .toBeGreaterThan(2)
    await yard.runs.removeJobScheduler('foreign')
    expect(await yard.client.list({ limit: 100 })).toHaveLength(runs)
  })

  test('E23 a bell of a newer version is put back for who knows it, and nothing fails', async () => {
    const job = await yard.steps.add('bad · step', { v: 99, whatever: true })
    await expect.poll(() => worker.log.some((line) => line.includes('job of a newer version'))).toBe(true)
    await expect.poll(() => job.getState(), { timeout: 10_000 }).toBe('delayed')
    expect((await yard.steps.getJob(job.id ?? ''))?.failedReason).toBeUndefined()
    await expect
      .poll(
        () =>
          job.remove().then(
            () => 'removed',
            () => 'locked',
          ),
        { timeout: 10_000 },
      )
      .toBe('removed')
  })

  test('E24 1,000 bells for one step execute it once', async () => {
    const file = join(yard.home, 'go-on')
    await yard.start('rung', `handler: patient, input: {file: ${JSON.stringify(file)}}`)
    await expect.poll(() => yard.claims('rung'), { timeout: 10_000 }).toBe(1)
    const bells = Array.from({ length: 1_000 }, () => ({
      name: 'bad · step',
      data: { ...good, run: 'rung' },
      opts: { removeOnComplete: true },
    }))
    await yard.steps.addBulk(bells)
    await expect.poll(() => yard.steps.getWaitingCount(), { timeout: 15_000 }).toBe(0)
    await writeFile(file, '')
    expect((await yard.ended('rung')).status).toBe('success')
    expect(await yard.claims('rung')).toBe(1)
  })

  test('after all of it, the same worker does good work and goes when it is told', async () => {
    expect((await yard.run('good', RUN)).status).toBe('success')
    const job = await yard.runs.add('start-run', { workflow: 'greeting', input: { who: 'Ada' }, id: 'greeting' })
    expect(await endOf(job)).toBe('done')
    expect((await yard.ended('greeting')).state).toMatchObject({ text: 'Ada' })
    expect(worker.log.filter((line) => line.includes('job/malformed: '))).not.toEqual([])
    expect(worker.isAlive).toBe(true)
    expect(await worker.stop()).toBe(143)
  })
})

describe('E: jobs that others change or remove', () => {
  /** All bells of the steps that wait for the first worker. */
  const waiting = async (yard: Yard) => {
    const jobs = await yard.steps.getJobs(['waiting', 'prioritized', 'delayed'])
    expect(jobs).not.toEqual([])
    return jobs
  }

  test.for<readonly [name: string, tamper: (yard: Yard) => Promise<unknown>]>([
    [
      'E5 data that is no JSON',
      async (yard) => {
        for (const { id = '' } of await waiting(yard)) await yard.redis.hset(yard.steps.toKey(id), 'data', '{not json')
      },
    ],
    [
      'E5 options that are no JSON',
      async (yard) => {
        for (const { id = '' } of await waiting(yard)) await yard.redis.hset(yard.steps.toKey(id), 'opts', '[[[')
      },
    ],
    [
      'E11 the same id with other data',
      async (yard) => {
        for (const { id = '', name } of await waiting(yard)) await yard.steps.add(name, { other: 1 }, { jobId: id })
      },
    ],
    [
      'E12 jobs removed by hand',
      async (yard) => {
        for (const job of await waiting(yard)) await job.remove()
      },
    ],
    [
      'E17 jobs failed by hand',
      async (yard) => {
        const count = (await waiting(yard)).length
        await using hand = handWorker(yard)
        for (let n = 0; n < count; n += 1)
          await (await hand.worker.getNextJob('by-hand'))?.moveToFailed(new Error('by hand'), 'by-hand', false)
      },
    ],
    [
      'E17 jobs completed by hand',
      async (yard) => {
        const count = (await waiting(yard)).length
        await using hand = handWorker(yard)
        for (let n = 0; n < count; n += 1)
          await (await hand.worker.getNextJob('by-hand'))?.moveToCompleted('by hand', 'by-hand', false)
      },
    ],
    ['E18 the queue drained', (yard) => yard.steps.drain(true)],
    ['E18 the queue obliterated', (yard) => yard.steps.obliterate({ force: true })],
    [
      'every key of the queue gone',
      async (yard) => {
        for (const key of await yard.redis.keys(yard.steps.toKey('*'))) await yard.redis.del(key)
      },
    ],
  ])(
    '%s, before a worker comes: every run ends well, each step executed once',
    { concurrent: true, timeout: 60_000 },
    async ([, tamper], { expect }) => {
      await using yard = await Yard.open()
      const ids = Array.from({ length: 5 }, (_, n) => `r${n}`)
      for (const id of ids) await yard.start(id, RUN)
      await tamper(yard)
      await yard.worker().ready
      for (const id of ids) {
        expect((await yard.ended(id)).status).toBe('success')
        expect(await yard.claims(id)).toBe(1)
      }
    },
  )

  test.for<readonly [name: string, tamper: (yard: Yard, job: Job) => Promise<unknown>]>([
    ['E13 the job deleted', (yard, job) => yard.redis.del(yard.steps.toKey(job.id ?? ''))],
    ['E14 its lock deleted', (yard, job) => yard.redis.del(`${yard.steps.toKey(job.id ?? '')}:lock`)],
    [
      'E17 failed with a wrong token',
      (_yard, job) => job.moveToFailed(new Error('by hand'), 'wrong', false).catch(() => undefined),
    ],
    ['E18 the queue obliterated', (yard) => yard.steps.obliterate({ force: true })],
  ])(
    '%s, while its step is executed: the commit stands, and the step runs once',
    { concurrent: true, timeout: 60_000 },
    async ([, tamper], { expect }) => {
      await using yard = await Yard.open()
      const worker = yard.worker()
      await worker.ready
      const file = join(yard.home, 'go-on')
      await yard.start('r', `handler: patient, input: {file: ${JSON.stringify(file)}}`)
      await expect.poll(() => yard.claims('r'), { timeout: 20_000 }).toBe(1)
      const [job] = await yard.steps.getActive()
      if (job === undefined) throw new Error('no active job')
      await tamper(yard, job)
      await writeFile(file, '')
      expect((await yard.ended('r')).steps).toMatchObject([{ status: 'success', attempts: 1 }])
      expect(await yard.claims('r')).toBe(1)
      expect((await yard.run('next', RUN)).status).toBe('success')
      expect(worker.isAlive).toBe(true)
    },
  )

  test(
    'E19 a queue that was paused by hand fails nothing',
    { concurrent: true, timeout: 60_000 },
    async ({ expect }) => {
      await using yard = await Yard.open()
      await yard.steps.pause()
      await yard.worker().ready
      await yard.start('r', RUN)
      await yard.steps.add('bad · step', good)
      expect((await yard.client.header('r'))?.status).not.toBe('failed')
      await yard.steps.resume()
      expect((await yard.ended('r')).status).toBe('success')
    },
  )
})

/** Somebody who takes jobs without executing them. */
function handWorker(yard: Yard): { readonly worker: Worker } & AsyncDisposable {
  const worker = new Worker(STEPS_QUEUE, null, {
    connection: yard.redis.duplicate(),
    prefix: yard.steps.opts.prefix ?? '',
  })
  worker.on('error', () => undefined)
  return { worker, [Symbol.asyncDispose]: () => worker.close() }
}
