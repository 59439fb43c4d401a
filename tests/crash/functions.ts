import { appendFile, open } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { defineFunction } from '@agentloom/workflow'
import { z } from 'zod'

/** What the crash tests count: each execution leaves a line `run step epoch`, on disk before the step waits. */
export const leaveLine = defineFunction({
  name: 'leave-line',
  input: z.object({ file: z.string(), sum: z.number(), minMs: z.number(), maxMs: z.number() }),
  async run({ file, sum, minMs, maxMs }, ctx) {
    const line = Buffer.from(`${ctx.runId} ${ctx.stepId} ${ctx.epoch}\n`)
    const handle = await open(file, 'a')
    try {
      await handle.write(line) // one write of an O_APPEND file: lines of several processes never mix
      await handle.datasync()
    } finally {
      await handle.close()
    }
    await sleep(minMs + seeded(`${ctx.runId} ${ctx.stepId} ${ctx.epoch}`) * (maxMs - minMs), null, {
      signal: ctx.signal,
    })
    await appendFile(`${file}.done`, line) // tells a kill during the wait from one during the commit
    return sum + 1
  },
})

/** A step of a random plan: fails as told, else echoes its id and what it saw. */
export const scripted = defineFunction({
  name: 'scripted',
  input: z.object({ file: z.string(), fails: z.boolean(), saw: z.unknown() }),
  async run({ file, fails, saw }, ctx) {
    await appendFile(file, `${ctx.runId} ${ctx.stepId} ${ctx.epoch}\n`)
    await sleep(10 + 50 * seeded(`${ctx.runId} ${ctx.stepId} ${ctx.epoch}`), null, { signal: ctx.signal })
    if (fails) throw new Error(`${ctx.stepId} fails`)
    return `${ctx.stepId}(${String(saw)})`.slice(0, 200)
  },
})

/** Takes its worker along, as a handler that runs out of memory does. */
export const killWorker = defineFunction({
  name: 'kill-worker',
  input: z.object({}),
  run: () => void process.kill(process.pid, 'SIGKILL'),
})

/** 0 to 1, the same for the same text. */
function seeded(text: string): number {
  let hash = 2_166_136_261
  for (const character of text) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 16_777_619)
  return (hash >>> 0) / 2 ** 32
}
