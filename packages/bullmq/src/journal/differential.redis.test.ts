import { MemoryJournal } from '@agentloom/engine'
import { VirtualClock } from '@agentloom/engine/testing'
import { removeKeys, testPrefix } from '@agentloom/testing'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { openTestJournal } from '../testing/open-journal.fixture.ts'
import { command, plans, RUN_IDS } from '../testing/random-commands.fixture.ts'
import { Player } from '../testing/random-player.fixture.ts'

// The scripts against their model, the engine's journal in memory: the same random commands, sensible and senseless
// ones, in the same order and at the same moments, must be answered alike and leave the same records.

const START_MS = 1_700_000_000_000
const OFFER_MS = 5_000
const SIZES = [30, 150] as const
const SCALE = Number(process.env['AGENTLOOM_TEST_SCALE'] ?? 1)

for (const size of SIZES) {
  test(`Redis answers ${size} random commands as memory does`, { timeout: 240_000 * SCALE }, async () => {
    const prefix = testPrefix()
    let count = 0
    try {
      await fc.assert(
        fc.asyncProperty(
          plans,
          fc.array(command, { minLength: size / 2, maxLength: size, size: 'max' }),
          async (plan, commands) => {
            const clock = new VirtualClock(START_MS)
            const opened = await openTestJournal({ startMs: START_MS, prefix: `${prefix}-${(count += 1)}` })
            const memory = new MemoryJournal({ now: () => clock.now(), offerMs: OFFER_MS, hasLeases: true })
            try {
              const players = [new Player(memory, plan), new Player(opened.journal, plan)] as const
              for (const [index, one] of [{ do: 'start', run: 0 } as const, ...commands].entries()) {
                if (one.do === 'advance') {
                  clock.advance(one.ms)
                  await opened.advance(one.ms)
                  continue
                }
                const [expected, answered] = [await players[0].play(one), await players[1].play(one)]
                expect(answered, `command ${index} ${JSON.stringify(one)}`).toEqual(expected)
                for (const runId of RUN_IDS)
                  expect(
                    await opened.journal.load(runId),
                    `${runId} after command ${index} ${JSON.stringify(one)}`,
                  ).toEqual(await memory.load(runId))
              }
            } finally {
              opened.redis.disconnect()
            }
          },
        ),
        { numRuns: SCALE * 40 },
      )
    } finally {
      await removeKeys(prefix)
    }
  })
}
