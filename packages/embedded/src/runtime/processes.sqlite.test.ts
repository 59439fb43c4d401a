import { fork, type ChildProcess } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { defineFunction } from '@agentloom/workflow'
import { z } from 'zod'
import { openJournal } from '../journal/open-journal.ts'
import { temporaryFolders } from '../testing/folder.ts'
import { chainOf, executorsWith } from '../testing/plans.ts'
import { createEmbedded } from './embedded.ts'

const freshFolder = temporaryFolders(afterEach)

const children: ChildProcess[] = []

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
})

interface Child {
  readonly pid: number
  /** Resolves with the next message that is one of these. */
  told(...words: string[]): Promise<string>
  kill(): Promise<void>
}

function runChild(folder: string, verb: 'start' | 'resume', runId: string, length: number | 'hang'): Child {
  const log = join(folder, `${runId}.log`)
  const child = fork(
    join(import.meta.dirname, '..', 'testing', 'child.ts'),
    [folder, log, verb, runId, String(length)],
    {
      execArgv: ['--conditions=agentloom-source', '--disable-warning=ExperimentalWarning'],
    },
  )
  children.push(child)
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  return {
    pid: child.pid ?? 0,
    told: (...words) =>
      new Promise((resolve, reject) => {
        child.on('message', (word) => {
          if (words.includes(String(word))) resolve(String(word))
        })
        child.once('exit', (code) => reject(new Error(`the child ended with ${code}`)))
      }),
    kill: async () => {
      child.kill('SIGKILL')
      await exited
    },
  }
}

/** Steps by the times they were called. */
function callsOf(folder: string, runId: string): Map<string, number> {
  const log = join(folder, `${runId}.log`)
  const lines = existsSync(log) ? readFileSync(log, 'utf8').trimEnd().split('\n') : []
  const calls = new Map<string, number>()
  for (const line of lines) {
    const step = line.split(' ')[0] ?? ''
    calls.set(step, (calls.get(step) ?? 0) + 1)
  }
  return calls
}

test('a run that is killed again and again ends, and no committed step runs twice', async () => {
  const folder = freshFolder()
  const length = 200
  const committed = new Set<string>()
  const twice = new Set<string>()
  let kills = 0
  for (let verb: 'start' | 'resume' = 'start'; ; verb = 'resume') {
    const before = new Map(callsOf(folder, 'run'))
    const child = runChild(folder, verb, 'run', length)
    const goal = (kills + 1) * 40
    const told = await child.told(goal < length ? `called ${goal}` : 'success')
    if (told === 'success') break
    await child.kill()
    kills += 1
    for (const [step, calls] of callsOf(folder, 'run'))
      if (committed.has(step) && calls > (before.get(step) ?? 0)) twice.add(step)
    await using journal = await openJournal({ folder, access: 'read' })
    for (const record of (await journal.load('run'))?.records ?? []) {
      if (record.kind === 'committed') committed.add(record.stepId.slice(1))
    }
  }
  expect(kills).toBe(4)
  expect([...twice]).toEqual([])
  expect(callsOf(folder, 'run').size).toBe(length)
  await using embedded = await createEmbedded({ folder, executors: executorsWith([]) })
  const view = await embedded.view('run')
  expect(view?.status).toBe('success')
  expect(view?.steps.filter(({ status }) => status === 'success')).toHaveLength(length)
  expect(
    (await embedded.journal.load('run'))?.records.some(
      (record) => record.kind === 'released' && record.reason === 'restart',
    ),
  ).toBe(true)
}, 60_000)

test('a run that a living process has is not resumed, and a dead one’s is', async () => {
  const folder = freshFolder()
  const child = runChild(folder, 'start', 'theirs', 'hang')
  await child.told('hanging')
  const hang = defineFunction({ name: 'hang', input: z.object({}), run: () => 'done' })
  await using embedded = await createEmbedded({ folder, executors: executorsWith([hang]) })
  await expect(embedded.resume('theirs')).rejects.toMatchObject({ code: 'run/active', pid: child.pid })
  expect((await embedded.view('theirs'))?.status).toBe('running')
  expect(await embedded.runs({ statuses: ['running'] })).toHaveLength(1)
  await child.kill()
  expect((await (await embedded.resume('theirs')).result()).status).toBe('success')
})

test('two processes run in one folder at the same time', async () => {
  const folder = freshFolder()
  const child = runChild(folder, 'start', 'theirs', 200)
  const ended = child.told('success')
  const work = defineFunction({ name: 'work', input: z.object({ n: z.number() }), run: ({ n }) => n })
  await using embedded = await createEmbedded({ folder, executors: executorsWith([work]) })
  const ours = await embedded.start(chainOf(200, 'work'), { runId: 'ours' })
  expect((await ours.result()).status).toBe('success')
  expect(await ended).toBe('success')
  expect((await embedded.runs()).map(({ runId, status }) => `${runId} ${status}`).toSorted()).toEqual([
    'ours success',
    'theirs success',
  ])
})

test.each(['cancel', 'pause'] as const)('another process can %s a live run', async (verb) => {
  const folder = freshFolder()
  const child = runChild(folder, 'start', 'theirs', 'hang')
  const ended = child.told('cancelled', 'paused')
  await child.told('hanging')
  await using journal = await openJournal({ folder })
  const status = verb === 'cancel' ? 'cancelled' : 'paused'
  expect(await journal[verb]('theirs', 'asked for')).toEqual({ isDone: true, status })
  expect(await ended).toBe(status)
  expect((await journal.header('theirs'))?.status).toBe(status)
})

test('a dead process’s run is cancelled without it', async () => {
  const folder = freshFolder()
  const child = runChild(folder, 'start', 'theirs', 'hang')
  await child.told('hanging')
  await child.kill()
  await using journal = await openJournal({ folder })
  expect(await journal.cancel('theirs', 'it is dead')).toEqual({ isDone: true, status: 'cancelled' })
  expect(await journal.cancel('theirs', 'it is dead')).toEqual({ isDone: false, status: 'cancelled' })
})

/** Kinds of the run's records, as another process reads them. */
async function kindsOf(folder: string, runId: string): Promise<readonly string[]> {
  await using journal = await openJournal({ folder, access: 'read' })
  return ((await journal.load(runId))?.records ?? []).map(({ kind }) => kind)
}

async function killedWhileHanging(folder: string, verb: 'start' | 'resume', claims: number): Promise<void> {
  const child = runChild(folder, verb, 'r', 'hang')
  await child.told('hanging')
  const isOnDisk = async () => (await kindsOf(folder, 'r')).filter((kind) => kind === 'claimed').length
  await expect.poll(isOnDisk, { timeout: 10_000 }).toBe(claims)
  await child.kill()
}

test('a step that takes its process along three times waits for somebody to let it try again', async () => {
  const folder = freshFolder()
  await killedWhileHanging(folder, 'start', 1)
  await killedWhileHanging(folder, 'resume', 2)
  await killedWhileHanging(folder, 'resume', 3)
  const last = runChild(folder, 'resume', 'r', 'hang')
  await last.told('parked') // it has nothing to do till then, and ends
  await expect.poll(async () => (await kindsOf(folder, 'r')).join(' '), { timeout: 10_000 }).toContain('waiting')
  expect((await kindsOf(folder, 'r')).filter((kind) => kind === 'died')).toHaveLength(3)
  await last.kill()
  await killedWhileHanging(folder, 'resume', 4)
}, 60_000)
