import { isOver, type RunView } from '@agentloom/engine'
import { defineFunction } from '@agentloom/workflow'
import { copyFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, expect, test } from 'vitest'
import { z } from 'zod'
import { temporaryFolders } from '../testing/folder.ts'
import { executorsWith, planOf } from '../testing/plans.ts'
import { createEmbedded, type Embedded } from './embedded.ts'

// A process may die after any row of the journal. Whatever it was in the middle of, a start of a child run, a decision, a
// timer, the cleanup, the run comes to the same end when it is resumed.

const freshFolder = temporaryFolders(afterEach)

const calls: string[] = []
const step = defineFunction({
  name: 'step',
  input: z.object({ say: z.string(), fail: z.boolean().optional() }),
  run({ say, fail }) {
    calls.push(say)
    if (fail === true) throw new Error(`${say} fails`)
    return `${say}!`
  },
})

const PLAN = `
name: all
steps:
  - {id: a, type: function, handler: step, input: {say: a}, output: a, compensate: {type: function, handler: step, input: {say: undo-a}}}
  - {id: nap, type: sleep, seconds: 0.01, depends_on: [a]}
  - id: child
    type: subworkflow
    depends_on: [a]
    isolated_state: true
    return_keys: [inner, deep]
    output: child
    workflow_inline:
      name: child
      steps:
        - {id: inner, type: function, handler: step, input: {say: inner}, output: inner}
        - {id: ask, type: approval_gate, depends_on: [inner]}
        - id: deep
          type: subworkflow
          depends_on: [ask]
          isolated_state: true
          output: deep
          workflow_inline:
            name: deep
            steps: [{id: deepest, type: function, handler: step, input: {say: deepest}, output: deepest}]
  - {id: ok, type: approval_gate, depends_on: [nap, child]}
  - {id: last, type: function, handler: step, depends_on: [ok], input: {say: last, fail: true}, retry: {max_retries: 0}, output: last}
finally:
  - {id: bye, type: function, handler: step, input: {say: bye}}
`

function open(folder: string): Promise<Embedded> {
  return createEmbedded({ folder, executors: executorsWith([step]), checkpoints: false })
}

/** Approves whatever asks, until the run is over. */
async function toTheEnd(embedded: Embedded, first: RunView): Promise<RunView> {
  let view = first
  for (let rounds = 0; !isOver(view.status) && rounds < 10; rounds += 1) {
    await embedded.decide(first.runId, { path: null, decision: 'approved' })
    view = await (await embedded.resume(first.runId)).result()
  }
  return view
}

function endOf(view: RunView): unknown {
  const { status, state, error, steps } = view
  return { status, state, error, steps: steps.map(({ id, status: end, output }) => ({ id, end, output })) }
}

/** The file as a process leaves it that dies right after a row was synced. @returns the steps that it had committed */
function cutAfter(rows: number, from: string, to: string): readonly string[] {
  mkdirSync(to, { recursive: true })
  copyFileSync(join(from, 'journal.db'), join(to, 'journal.db'))
  const file = new DatabaseSync(join(to, 'journal.db'))
  file.exec(`
    delete from records where id not in (select id from records order by id limit ${rows});
    delete from runs where id not in (select run from records);
    update runs set owner = null, error = null, status = 'running';`)
  const ends =
    file.prepare(`select run, json_extract(body, '$[#-1].status') as status, json_extract(body, '$[#-1].error') as error
    from records where json_extract(body, '$[#-1].kind') = 'ended'`)
  const update = file.prepare('update runs set status = ?, error = ? where id = ?')
  for (const { run, status, error } of ends.all()) update.run(String(status), error ?? null, Number(run))
  const committed = file.prepare(`select json_extract(value, '$.stepId') as step from records, json_each(body)
    where json_extract(value, '$.kind') = 'committed'`)
  const steps = committed.all().map(({ step: id }) => String(id))
  file.close()
  return steps
}

test('a run whose process died anywhere comes to the same end', { timeout: 120_000 }, async () => {
  const whole = freshFolder()
  const first = await open(whole)
  const run = await first.start(planOf(PLAN), { runId: 'run' })
  const expected = endOf(await toTheEnd(first, await run.result()))
  expect(expected).toMatchObject({ status: 'failed' })
  await first.close()
  const file = new DatabaseSync(join(whole, 'journal.db'), { readOnly: true })
  const count = Number(file.prepare('select count(*) as count from records').get()?.['count'])
  file.close()
  expect(count).toBeGreaterThan(20)
  for (let rows = 1; rows < count; rows += 1) {
    const folder = join(freshFolder(), 'cut')
    const committed = cutAfter(rows, whole, folder)
    calls.length = 0
    await using again = await open(folder)
    const view = await toTheEnd(again, await (await again.resume('run')).result())
    expect(endOf(view), `after ${rows} of ${count} rows`).toEqual(expected)
    expect(calls.filter((name) => committed.includes(name))).toEqual([]) // I1
  }
})
