import { CLEANUP_STEP } from '@agentloom/workflow'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { foldSteps } from '../fold/step-fold.ts'
import { DelegatedJournal } from '../journal/delegated-journal.ts'
import { MemoryJournal } from '../journal/memory-journal.ts'
import { rebuildRun } from '../journal/rebuild.ts'
import type {
  Claim,
  ClaimReply,
  ClaimStep,
  LoadedRun,
  Note,
  SettleReply,
  SettleStep,
  AppendReply,
} from '../ports/journal.ts'
import { JournalPlayer, PLAYED_RUNS } from '../testing/journal-player.fixture.ts'
import { MemorySpool } from '../testing/memory-spool.ts'
import { commandOf, DICE } from '../testing/random-commands.fixture.ts'
import { planOf, shapes } from '../testing/random-plans.fixture.ts'
import { VirtualClock } from '../testing/virtual-clock.ts'
import { mergeRun, type MergedRun } from './merge-run.ts'
import { SpooledJournal } from './spooled-journal.ts'

// I1 over a loss of data: however the claims of a run are spread over workers, and whatever prefix of its journal is left.

const WORKERS = 3

/** Whoever claims a step goes on with it; which worker that is, the dice say. What clients do, no worker spools. */
class Workers extends DelegatedJournal {
  readonly spools = Array.from({ length: WORKERS }, () => new MemorySpool())
  readonly #journals: readonly SpooledJournal[]
  readonly #holders = new Map<string, number>()
  turn = 0

  constructor(journal: MemoryJournal, now: () => number) {
    super(journal)
    this.#journals = this.spools.map((spool) => new SpooledJournal(journal, { spool, order: 'before', now }))
  }

  /** What speaks against a step is weighed by one rule: nobody runs it in spite of that. */
  override claim(command: ClaimStep): Promise<ClaimReply> {
    return this.#of(command.nonce).claim({ ...command, isDecided: false })
  }

  override settle(command: SettleStep): Promise<SettleReply> {
    if (command.next !== null) this.#holders.set(command.next.nonce, this.#holderOf(command.claim.nonce))
    return this.#of(command.claim.nonce).settle(command)
  }

  override append(held: Claim, note: Note): Promise<AppendReply> {
    return this.#of(held.nonce).append(held, note)
  }

  #of(nonce: string): SpooledJournal {
    const found = this.#journals[this.#holderOf(nonce)]
    if (found === undefined) throw new Error('no such worker')
    return found
  }

  #holderOf(nonce: string): number {
    const found = this.#holders.get(nonce) ?? this.turn % WORKERS
    this.#holders.set(nonce, found)
    return found
  }
}

const dice = fc.array(fc.nat(999), { minLength: DICE, maxLength: DICE })
const commands = fc.array(dice, { maxLength: 120, size: 'max' })
const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 3, maxLength: 3 })

test('all that was committed is in the run that spools and what is left of the journal make up', async () => {
  await fc.assert(
    fc.asyncProperty(shapes, commands, cuts, fc.nat(), async (shape, throws, cut, order) => {
      const plan = planOf(shape)
      const clock = new VirtualClock()
      const journal = new MemoryJournal({ now: () => clock.now(), offerMs: 5_000, hasLeases: true })
      const workers = new Workers(journal, () => clock.now())
      const player = new JournalPlayer(workers, plan)
      await workers.start(player.startOf('run'))
      for (const thrown of throws) {
        workers.turn = thrown[4] ?? 0
        clock.advance((thrown[5] ?? 0) > 800 ? (thrown[6] ?? 0) * 12 : 1)
        await player.play(commandOf(thrown))
      }
      for (const [index, runId] of PLAYED_RUNS.entries()) {
        const whole = await journal.load(runId)
        if (whole === null) continue
        const left = Math.floor((cut[index] ?? 0) * (whole.records.length + 1))
        const prefix = left === 0 ? null : { header: whole.header, records: whole.records.slice(0, left) }
        const spools = await Promise.all(workers.spools.map((spool) => spool.read(runId)))
        const merged = mergeAll(plan, prefix, rotated(spools, order))
        const records = merged?.records ?? prefix?.records ?? []
        const told = `${runId}, ${left} of ${whole.records.length} left, merged ${JSON.stringify(records)} of ${JSON.stringify(whole.records)}`
        const found = foldSteps(runId, records)
        for (const [stepId, fold] of foldSteps(runId, whole.records)) {
          if (fold.status !== 'success' || isCleanupOfResumed(whole, stepId)) continue
          expect(found.get(stepId), told).toMatchObject({ status: 'success', output: fold.output })
        }
        expect(merged?.lost ?? [], told).toEqual([])
        if (merged === null) continue
        const again = { header: whole.header, records }
        expect(() => rebuildRun(plan, merged.start, again)).not.toThrow()
        for (const spooled of spools)
          if (spooled !== null) expect(mergeRun(plan, again, spooled, { isLast: true }).addedCount, told).toBe(0)
      }
    }),
    { numRuns: Number(process.env['AGENTLOOM_TEST_SCALE'] ?? 1) * 300 },
  )
})

/** Of a run that was resumed, one spool alone can't tell after which of its ends the cleanup ran. */
function isCleanupOfResumed({ records }: LoadedRun, stepId: string): boolean {
  return stepId === CLEANUP_STEP && records.some(({ kind }) => kind === 'reopened')
}

type Spooled = Awaited<ReturnType<MemorySpool['read']>>

/** As workers do it, one after the other, until none knows anything new; and then without waiting for more. */
function mergeAll(
  plan: ReturnType<typeof planOf>,
  prefix: LoadedRun | null,
  spools: readonly Spooled[],
): MergedRun | null {
  let loaded = prefix
  let last: MergedRun | null = null
  const lost = new Set<string>()
  for (const isLast of [false, true]) {
    for (let isNew = true; isNew;) {
      isNew = false
      for (const spooled of spools) {
        if (spooled === null) continue
        const merged = mergeRun(plan, loaded, spooled, { isLast })
        if (merged.addedCount === 0) continue
        isNew = true
        for (const stepId of merged.lost) lost.add(stepId)
        last = { ...merged, lost: [...lost] }
        loaded = { header: { ...(loaded?.header ?? spooled.header) }, records: merged.records }
      }
    }
  }
  return last
}

function rotated<Item>(items: readonly Item[], by: number): readonly Item[] {
  const at = by % items.length
  return [...items.slice(at), ...items.slice(0, at)]
}
