import fc from 'fast-check'
import { expect, test } from 'vitest'
import { MemoryJournal } from '../journal/memory-journal.ts'
import type { JournalRecord } from '../journal/record.ts'
import type { LoadedRun } from '../ports/journal.ts'
import { testHeader } from '../testing/header.ts'
import { JournalPlayer, PLAYED_RUNS } from '../testing/journal-player.fixture.ts'
import { commandOf, DICE } from '../testing/random-commands.fixture.ts'
import { planOf, shapes } from '../testing/random-plans.fixture.ts'
import { VirtualClock } from '../testing/virtual-clock.ts'
import { verifyRun } from './verify-run.ts'

const dice = fc.array(fc.nat(999), { minLength: DICE, maxLength: DICE })

test('whatever commands come, a journal has nothing wrong', async () => {
  await fc.assert(
    fc.asyncProperty(shapes, fc.array(dice, { maxLength: 120, size: 'max' }), async (shape, throws) => {
      const plan = planOf(shape)
      const clock = new VirtualClock()
      const journal = new MemoryJournal({ now: () => clock.now(), offerMs: 5_000, hasLeases: true })
      const player = new JournalPlayer(journal, plan)
      await journal.start(player.startOf('run'))
      for (const thrown of throws) {
        if ((thrown[5] ?? 0) > 800) clock.advance((thrown[6] ?? 0) * 12)
        await player.play(commandOf(thrown))
      }
      for (const runId of PLAYED_RUNS) {
        const loaded = await journal.load(runId)
        if (loaded !== null) expect(verifyRun(plan, loaded), JSON.stringify(loaded.records)).toEqual([])
      }
    }),
    { numRuns: Number(process.env['AGENTLOOM_TEST_SCALE'] ?? 1) * 200 },
  )
})

const plan = planOf({
  cleansUp: false,
  workflow: JSON.stringify({
    name: 'chain',
    steps: [
      { id: 'a', type: 'function', handler: 'f' },
      { id: 'b', type: 'function', handler: 'f', depends_on: ['a'] },
    ],
  }),
})

const usage = { durationMs: 0, tokens: 0, costNanoUsd: 0, model: null, provider: null }
const started: JournalRecord = { kind: 'started', atMs: 1 }
const claimed = (stepId: string, epoch = 1): JournalRecord => ({ kind: 'claimed', atMs: 1, stepId, epoch, worker: 'w' })
const committed = (stepId: string, epoch = 1): JournalRecord => ({
  kind: 'committed',
  atMs: 1,
  stepId,
  epoch,
  usage,
  output: '1',
})
const ended: JournalRecord = { kind: 'ended', atMs: 1, status: 'success', error: null }
const whole = [started, claimed('a'), committed('a'), claimed('b'), committed('b'), ended]

function run(records: readonly JournalRecord[], status: LoadedRun['header']['status'] = 'success'): LoadedRun {
  const header = testHeader({ workflow: 'chain', definition: plan.hash, status })
  return { header, records }
}

test.each([
  ['nothing', run(whole), []],
  ['no start', run(whole.slice(1)), ['start']],
  ['a step that ran again', run([...whole.slice(0, 3), claimed('a', 2), ...whole.slice(3)]), ['after-resolution']],
  ['an epoch that falls', run([started, claimed('a', 3), claimed('a', 2), ...whole.slice(2)]), ['epoch', 'epoch']],
  ['a result without a claim', run([started, committed('a'), ...whole.slice(3)]), ['unclaimed']],
  [
    'a step before its source',
    run([started, claimed('b'), committed('b'), ...whole.slice(1, 3), ended]),
    ['before-sources'],
  ],
  ['a claim after the end', run([...whole, claimed('a', 9)]), ['after-end', 'after-resolution']],
  ['another status', run(whole, 'running'), ['status']],
  ['no end', run(whole.slice(0, -1), 'running'), ['status']],
  ['a foreign step', run([started, claimed('x'), ...whole.slice(1)]), ['no-such-step']],
])('finds %s', (_, loaded, codes) => {
  const found = verifyRun(plan, loaded).map(({ code }) => code)
  expect(found.filter((code) => code !== 'corrupt')).toEqual(expect.arrayContaining(codes))
  expect(found.length === 0).toBe(codes.length === 0)
})
