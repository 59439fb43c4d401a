import { MemoryJournal, type Journal } from '@agentloom/engine'
import { VirtualClock } from '@agentloom/engine/testing'
import type { Plan } from '@agentloom/workflow'
import fc, { type RunDetails } from 'fast-check'
import { isDeepStrictEqual } from 'node:util'
import { command, plans, RUN_IDS, type Command } from './random-commands.ts'
import { Player } from './random-player.ts'
import type { StorePlace } from './stores.ts'

// A journal against its model, the engine's journal in memory: the same random commands, sensible and senseless ones, in the
// same order and at the same moments, must be answered alike and leave the same records.

export interface Comparison {
  readonly sequences: number
  /** Commands of a sequence at most. */
  readonly length: number
  readonly seed: number
  /** Leads to one sequence of a seed: fast-check's. */
  readonly path?: string
  readonly onSequence?: (commands: number) => void
}

export type Compared = RunDetails<[plan: Plan, sequence: Command[]]>

const START_MS = 1_700_000_000_000

/** Never throws: the details tell what failed, and by which seed and path it fails again. */
export async function compare(place: StorePlace, options: Comparison): Promise<Compared> {
  const { sequences, length, seed, path, onSequence } = options
  const commands = fc.array(command, { minLength: 1, maxLength: length, size: 'max' })
  const property = fc.asyncProperty(plans, commands, async (plan, sequence) => {
    await play(place, plan, sequence)
    onSequence?.(sequence.length)
  })
  return fc.check(property, { numRuns: sequences, seed, ...(path !== undefined && { path }) })
}

async function play(place: StorePlace, plan: Plan, commands: readonly Command[]): Promise<void> {
  const clock = new VirtualClock(START_MS)
  const store = await place.open(clock)
  const memory = new MemoryJournal({ ...place.model, now: () => clock.now() })
  const players = [new Player(memory, plan), new Player(store.journal, plan)] as const
  try {
    for (const [index, one] of [{ do: 'start', run: 0 } as const, ...commands].entries()) {
      if (one.do === 'advance') {
        clock.advance(one.ms)
        await store.advance(one.ms)
        continue
      }
      const after = `command ${index} ${JSON.stringify(one)}`
      const expected = await players[0].play(one)
      expectAlike(await players[1].play(one), expected, after)
      expectAlike(await runsOf(store.journal), await runsOf(memory), `runs after ${after}`)
    }
    for (const runId of RUN_IDS)
      expectAlike(await store.findings?.(runId), store.findings && [], `what verify says of ${runId}`)
    expectAlike(await runsOf(await store.reopen()), await runsOf(memory), 'runs as a later process finds them')
  } finally {
    await store.close()
  }
}

function runsOf(journal: Journal): Promise<readonly unknown[]> {
  return Promise.all(RUN_IDS.map((runId) => journal.load(runId)))
}

function expectAlike(answered: unknown, expected: unknown, after: string): void {
  if (isDeepStrictEqual(plain(answered), plain(expected))) return
  throw new Error(`${after}\nanswered ${JSON.stringify(answered)}\nexpected ${JSON.stringify(expected)}`)
}

/** Fields that are undefined count as left out. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  const fields = Object.entries(value).filter(([, field]) => field !== undefined)
  return Object.fromEntries(fields.map(([name, field]) => [name, plain(field)]))
}
