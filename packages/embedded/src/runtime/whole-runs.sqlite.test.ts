import { defineFunction } from '@agentloom/workflow'
import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { z } from 'zod'
import { temporaryFolders } from '../testing/folder.ts'
import { executorsWith, planOf } from '../testing/plans.ts'
import { createEmbedded, type Embedded } from './embedded.ts'

const freshFolder = temporaryFolders(afterEach)

const echo = defineFunction({ name: 'echo', input: z.object({ text: z.string() }), run: ({ text }) => text })

const flow = (last: string) =>
  planOf(`
name: wf
steps:
  - {id: a, type: function, handler: echo, input: {text: one}, output: a}
  - {id: ok, type: approval_gate, depends_on: [a]}
  - {id: last, type: function, handler: echo, input: {text: "${last} {state.a}"}, output: last, depends_on: [ok]}`)

function open(folder: string): Promise<Embedded> {
  return createEmbedded({ folder, executors: executorsWith([echo]) })
}

const approved = { decisions: [{ path: null, decision: 'approved' }] }

test('a paused run is moved to another definition, also one that only its checkpoint knows', async () => {
  const folder = freshFolder()
  {
    await using embedded = await open(folder)
    await (await embedded.start(flow('end'), { runId: 'run' })).result()
    expect(await embedded.migrate('run', flow('changed'))).toMatchObject({ outcome: 'migrated' })
  }
  for (const name of readdirSync(folder)) if (name.startsWith('journal.db')) rmSync(join(folder, name))
  await using embedded = await open(folder)
  expect(await embedded.migrate('run', flow('again'))).toMatchObject({ outcome: 'migrated' })
  const view = await (await embedded.resume('run', approved)).result()
  expect(view).toMatchObject({ status: 'success', state: { last: 'again one' } })
  await expect(embedded.migrate('run', flow('x'))).rejects.toMatchObject({
    code: 'migrate/refused',
    problems: [{ kind: 'over' }, { kind: 'changed', stepId: 'last' }],
  })
})

test('a run that is executed here is not moved under its steps', async () => {
  const hang = defineFunction({
    name: 'echo',
    input: z.object({ text: z.string() }),
    run: () => new Promise<never>(() => undefined),
  })
  await using embedded = await createEmbedded({ folder: freshFolder(), executors: executorsWith([hang]) })
  const handle = await embedded.start(flow('end'), { runId: 'run' })
  await expect(embedded.migrate('run', flow('x'))).rejects.toMatchObject({ code: 'run/active' })
  await handle.pause()
  expect(await embedded.migrate('run', flow('x'))).toMatchObject({ outcome: 'migrated' })
})

test('a fork is executed here, and is a run like any other after a restart', async () => {
  const folder = freshFolder()
  {
    await using embedded = await open(folder)
    await (await embedded.start(flow('end'), { runId: 'run' })).result()
    await (await embedded.resume('run', approved)).result()
    const { handle, kept } = await embedded.fork('run', { runId: 'fork', from: 'ok' })
    expect(kept).toEqual(['a'])
    expect((await handle?.result())?.status).toBe('paused')
    await expect(embedded.fork('run', { runId: 'fork', from: 'ok' })).rejects.toMatchObject({ code: 'fork/id' })
  }
  await using embedded = await open(folder)
  const view = await (await embedded.resume('fork', approved)).result()
  expect(view).toMatchObject({ status: 'success', state: { last: 'end one' } })
  expect((await embedded.runs()).map(({ runId }) => runId)).toEqual(['fork', 'run'])
})
