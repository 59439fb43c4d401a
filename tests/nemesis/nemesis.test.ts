import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { nemesis } from './nemesis.ts'
import { SCRATCH } from './scratch.ts'
import { printed } from './verdict/print.ts'

const SCALE = Number(process.env['AGENTLOOM_TEST_SCALE'] ?? '1')
const MINUTES = 0.25 * SCALE
/** One or two of each sort; `.ci/run` lets all of them loose for some minutes. */
const KINDS = ['sigkill', 'sigstop', 'cut-request', 'cut-reply', 'redis-kill', 'flushall', 'job-removed', 'queue-drain']
const SEED = 20_261_201

test(
  'real workers under every fault lose no run, leave none stuck and repeat no committed step',
  { timeout: 300_000 * SCALE },
  async () => {
    await mkdir(SCRATCH, { recursive: true })
    const folder = await mkdtemp(join(SCRATCH, 'test-'))
    const report = await nemesis({
      seed: SEED,
      minutes: MINUTES,
      effects: 1,
      only: KINDS,
      folder,
      tell: () => undefined,
    })
    console.log(printed(report))
    expect(report.verdict, printed(report)).toBe('green')
    await rm(folder, { recursive: true, force: true })
  },
)
