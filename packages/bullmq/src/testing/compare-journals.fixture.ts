import { MemoryJournal, type Journal } from '@agentloom/engine'
import { VirtualClock } from '@agentloom/engine/testing'
import { openTestJournal } from './open-journal.fixture.ts'

export type Advance = (ms: number) => Promise<void>

/** Commands that lead into a corner; what they were answered is what both journals must say alike. */
export interface Corner {
  readonly name: string
  play(journal: Journal, advance: Advance): Promise<unknown[]>
}

/** Answers and records of the run, on Redis and of the model. */
export async function playOnBoth({ play }: Corner): Promise<{ readonly redis: unknown; readonly model: unknown }> {
  const clock = new VirtualClock()
  const memory = new MemoryJournal({ now: () => clock.now(), offerMs: 5_000, hasLeases: true })
  const opened = await openTestJournal({ startMs: clock.now() })
  try {
    return {
      redis: [await play(opened.journal, opened.advance), await opened.journal.load('run')],
      model: [await play(memory, async (ms) => clock.advance(ms)), await memory.load('run')],
    }
  } finally {
    await opened.close()
  }
}
