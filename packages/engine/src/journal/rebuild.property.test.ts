import fc from 'fast-check'
import { expect, test } from 'vitest'
import { JournalPlayer, PLAYED_RUNS } from '../testing/journal-player.fixture.ts'
import { commandOf, DICE } from '../testing/random-commands.fixture.ts'
import { planOf, shapes } from '../testing/random-plans.fixture.ts'
import { VirtualClock } from '../testing/virtual-clock.ts'
import { restartCommand } from '../start.ts'
import { isResolved, type RunState, type StepCell } from './run-state.ts'
import { MemoryJournal } from './memory-journal.ts'
import { rebuildRun } from './rebuild.ts'

// I8: whatever commands come in whatever order, what a run in memory has counted is what its records imply.

const dice = fc.array(fc.nat(999), { minLength: DICE, maxLength: DICE })

test('a run rebuilt from its records is the run, after any commands', async () => {
  await fc.assert(
    fc.asyncProperty(shapes, fc.array(dice, { maxLength: 120, size: 'max' }), async (shape, throws) => {
      const plan = planOf(shape)
      const clock = new VirtualClock()
      const journal = new MemoryJournal({ now: () => clock.now(), offerMs: 5_000, hasLeases: true })
      const player = new JournalPlayer(journal, plan)
      await journal.start(player.startOf('run'))
      for (const [index, thrown] of throws.entries()) {
        if ((thrown[5] ?? 0) > 800) clock.advance((thrown[6] ?? 0) * 12)
        const command = commandOf(thrown)
        await player.play(command)
        for (const runId of PLAYED_RUNS) {
          const run = journal.stateOf(runId)
          const loaded = await journal.load(runId)
          if (run === undefined || loaded === null) continue
          const rebuilt = rebuildRun(plan, restartCommand(plan, loaded.header), loaded)
          expect(told(rebuilt), `${runId} after command ${index}: ${JSON.stringify(command)}`).toEqual(told(run))
        }
      }
    }),
    { numRuns: Number(process.env['AGENTLOOM_TEST_SCALE'] ?? 1) * 200 },
  )
})

/** What records can tell of a run: neither leases and nonces nor what was offered, nor decided anew after a reopening. */
function told(run: RunState): unknown {
  const { start: _start, createdAtMs: _created, updatedAtMs: _updated, queue: _queue, cells, outputs, ...rest } = run
  const told = [...cells.values()].filter(isTold).toSorted((a, b) => a.rank - b.rank)
  const byStep = new Map([...outputs].toSorted(([a], [b]) => (a < b ? -1 : 1)))
  return { ...rest, outputs: byStep, cells: told.map(toldOfCell) }
}

const TO_BE_CLAIMED: ReadonlySet<StepCell['status']> = new Set(['ready', 'undecided', 'backoff'])

function toldOfCell(cell: StepCell): unknown {
  const { stepId, rank, failures, visit, wait, untilMs, childStatus, wake, edgeCount, verdicts, noted } = cell
  const status = cell.status === 'leased' ? 'expired' : TO_BE_CLAIMED.has(cell.status) ? 'ready' : cell.status
  const counts = status === 'waiting' ? { edgeCount, verdicts } : {}
  const held = status === 'expired' ? { noted } : {}
  return { stepId, rank, status, failures, visit, wait, untilMs, childStatus, wake, ...counts, ...held }
}

/** A step of which nothing is known yet may have a cell or none. */
function isTold({ status, edgeCount, visit }: StepCell): boolean {
  return status !== 'waiting' || edgeCount > 0 || visit > 1 || isResolved(status)
}
