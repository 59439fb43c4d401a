import { defineFunction } from '@agentloom/workflow'
import { readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { z } from 'zod'
import { createEmbedded } from '../runtime/embedded.ts'
import { temporaryFolders } from '../testing/folder.ts'
import { chainOf, executorsWith } from '../testing/plans.ts'
import { CheckpointStore, listCheckpoints } from './checkpoint-store.ts'

const freshFolder = temporaryFolders(afterEach)

const say = defineFunction({
  name: 'say',
  input: z.object({ n: z.number() }),
  run: ({ n }) => (n === 0 ? `é${'😀"\\\u0000'.repeat(50_000)}` : n),
})
const hang = defineFunction({
  name: 'hang',
  input: z.object({ n: z.number() }),
  run: () => new Promise<never>(() => undefined),
})

/** A folder where `count` runs succeeded, its journal closed. */
async function folderWithRuns(count: number): Promise<string> {
  const folder = freshFolder()
  await using embedded = await createEmbedded({ folder, executors: executorsWith([say]) })
  for (let index = 0; index < count; index += 1)
    await (await embedded.start(chainOf(2, 'say'), { runId: `run${index}` })).result()
  return folder
}

test('a run is the same from its checkpoint when the journal is gone, and goes on from there', async () => {
  const folder = freshFolder()
  const first = await createEmbedded({ folder, executors: executorsWith([say, hang]) })
  const done = await first.start(chainOf(2, 'say'), { runId: 'done' })
  const result = await done.result()
  const paused = await first.start(chainOf(2, 'hang'), { runId: 'paused' })
  await paused.pause()
  await first.close()
  for (const name of readdirSync(folder)) if (name.startsWith('journal.db')) rmSync(join(folder, name))

  const work = defineFunction({ name: 'hang', input: z.object({ n: z.number() }), run: ({ n }) => n })
  await using second = await createEmbedded({ folder, executors: executorsWith([say, work]) })
  expect(await second.view('done')).toEqual(result)
  expect((await second.runs()).map(({ runId }) => runId)).toEqual(['paused', 'done'])
  expect(await (await second.resume('paused')).result()).toMatchObject({ status: 'success', state: { s0: 0, s1: 1 } })
  expect(await (await second.resume('done')).result()).toEqual(result)
  expect((await second.journal.header('done'))?.status).toBe('success')
})

test('files are whole, private and alone', async () => {
  const folder = join(await folderWithRuns(2), 'checkpoints')
  expect(readdirSync(folder).toSorted()).toEqual(['run0.json', 'run1.json'])
  expect(statSync(folder).mode & 0o777).toBe(0o700)
  expect(statSync(join(folder, 'run0.json')).mode & 0o777).toBe(0o600)
  expect(JSON.parse(readFileSync(join(folder, 'run0.json'), 'utf8'))).toMatchObject({
    format: 1,
    header: { runId: 'run0', status: 'success' },
  })
})

test('a damaged file is reported with its name, and the others are listed', async () => {
  const folder = join(await folderWithRuns(4), 'checkpoints')
  const file = (name: string): string => join(folder, name)
  truncateSync(file('run0.json'), 1_000)
  writeFileSync(file('run1.json'), '')
  writeFileSync(file('run2.json'), readFileSync(file('run3.json')))
  writeFileSync(file('newer.json'), '{"format":2}')
  const { headers, bad } = await listCheckpoints(folder)
  expect(headers.map(({ runId }) => runId)).toEqual(['run3'])
  expect(bad.map((entry) => entry.file).toSorted()).toEqual(
    ['newer', 'run0', 'run1', 'run2'].map((name) => file(`${name}.json`)),
  )
  const store = new CheckpointStore(folder)
  await expect(store.read('run0')).rejects.toMatchObject({ code: 'checkpoint/corrupt', place: file('run0.json') })
  expect(await store.read('absent')).toBeNull()
  expect(await store.read('../run3')).toBeNull()
  expect(await listCheckpoints(file('none'))).toEqual({ headers: [], bad: [] })
})

test('a checkpoint whose records exclude one another is not gone on with', async () => {
  const folder = await folderWithRuns(1)
  const file = join(folder, 'checkpoints', 'run0.json')
  const text = readFileSync(file, 'utf8')
  writeFileSync(file, text.replace(/\n(\{"kind":"committed".*),\n/, '\n$1,\n$1,\n'))
  for (const name of readdirSync(folder)) if (name.startsWith('journal.db')) rmSync(join(folder, name))
  await using embedded = await createEmbedded({ folder, executors: executorsWith([say]) })
  const refused = embedded.resume('run0')
  await expect(refused).rejects.toMatchObject({ code: 'checkpoint/corrupt', place: file })
  await expect(refused).rejects.toThrow(/which is resolved/)
})

test('others get their turn while 10 MB of outputs are written and checkpointed', async () => {
  const big = defineFunction({ name: 'big', input: z.object({ n: z.number() }), run: () => 'x'.repeat(1024 ** 2) })
  const folder = freshFolder()
  await using embedded = await createEmbedded({ folder, executors: executorsWith([big]) })
  let turns = 0
  let isOver = false
  const turn = (): void => {
    turns += 1
    if (!isOver) setImmediate(turn)
  }
  setImmediate(turn)
  const run = await embedded.start(chainOf(10, 'big'))
  await run.result()
  const whileRunning = turns
  await embedded.close()
  isOver = true
  // At least one turn of the loop between any two steps, and one for each quarter of a megabyte of the checkpoint.
  expect(whileRunning).toBeGreaterThan(10)
  expect(turns - whileRunning).toBeGreaterThan(20)
})
