import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Client } from '@agentloom/bullmq/client'
import { type Figure, type Place, scaled } from './figure.ts'
import { openStage, planOf } from './stage.ts'

const IN_FLIGHT = 1_000
const HOLD_MS = 600_000
const HELD_MS = 10_000
const BEGUN_MS_MAX = 60_000
const MEGABYTES_MAX = 200

export const memory: Figure = {
  name: 'memory',
  async measure(place) {
    const plain = await measureMemory(place, '')
    const young = await measureMemory(place, YOUNG)
    return [
      {
        figure: `memory of one worker with ${plain.inFlight} runs in flight`,
        value: `${plain.megabytes.toFixed(0)} MB`,
        target: `≤ ${MEGABYTES_MAX} MB`,
        isMet: plain.megabytes <= MEGABYTES_MAX,
      },
      {
        figure: `the same with NODE_OPTIONS=${YOUNG}`,
        value: `${young.megabytes.toFixed(0)} MB`,
        target: null,
        isMet: null,
      },
    ]
  },
}

/** V8 lets its young generation grow far beyond what a worker has alive. */
const YOUNG = '--max-semi-space-size=4'

async function measureMemory(
  { folder, size }: Place,
  options: string,
): Promise<{ readonly inFlight: number; readonly megabytes: number }> {
  await using stage = await openStage(join(folder, `options${options}`))
  const runs = scaled(IN_FLIGHT, size)
  const child = stage.worker('w0', { concurrency: runs, environment: { NODE_OPTIONS: options } })
  await stage.ready(1)
  const plan = planOf('holding', 1, `type: function, handler: hold, input: {ms: ${HOLD_MS}}`)
  const begun = new Set<string>()
  stage.witness.listen((line) => 'pid' in line && begun.add(line.runId))
  for (let run = 0; run < runs; run += 1) await stage.client.start(plan, { runId: `r${run}` })
  if (begun.size < runs && !(await stage.witness.until(() => begun.size === runs, BEGUN_MS_MAX)))
    throw new Error(`${begun.size} of ${runs} runs were begun`)
  await sleep(HELD_MS) // some beats
  const status = await readFile(`/proc/${child.pid}/status`, 'utf8')
  return { inFlight: runs, megabytes: Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1_024 }
}

const OUTPUT_BYTES = 65_536
const PER_SECOND = 160
const LOOP_SECONDS = 20
const LATE_MS_MAX = 4

export const loop: Figure = {
  name: 'loop',
  async measure({ folder, size }) {
    await using stage = await openStage(folder)
    const { client } = stage
    stage.worker('w0', { logLevel: 'info' })
    await stage.ready(1)
    const plan = planOf('large', 1, `type: function, handler: text, input: {bytes: ${OUTPUT_BYTES}}`)
    await lateness(client, 'begin')
    const count = PER_SECOND * scaled(LOOP_SECONDS, size)
    const from = performance.now()
    for (let run = 0; run < count; run += 1) {
      await client.start(plan, { runId: `r${run}` })
      await sleep(Math.max(0, from + ((run + 1) * 1_000) / PER_SECOND - performance.now()))
    }
    const rate = (count * OUTPUT_BYTES) / 1e6 / ((performance.now() - from) / 1_000)
    const { p99, max } = await lateness(client, 'end')
    return [
      {
        figure: `lateness of a worker’s event loop while ${rate.toFixed(1)} MB/s of outputs of 64 KiB are checkpointed (max ${max.toFixed(1)} ms)`,
        value: `p99 ${p99.toFixed(1)} ms`,
        target: `p99 ≤ ${LATE_MS_MAX} ms`,
        isMet: p99 <= LATE_MS_MAX,
      },
    ]
  },
}

/** Since it was asked last. */
async function lateness(client: Client, runId: string): Promise<{ readonly p99: number; readonly max: number }> {
  await client.start(planOf('delay', 1, 'type: function, handler: delay, output: delay'), { runId })
  const { state } = await client.result(runId)
  const { delay } = state
  if (typeof delay !== 'object' || delay === null || !('p99' in delay) || !('max' in delay))
    throw new Error('no lateness')
  return { p99: Number(delay['p99']), max: Number(delay['max']) }
}

const THROUGHPUT_RUNS = 2_000
const CHAIN_STEPS = 10
const WORKERS = [1, 2, 4]

export const throughput: Figure = {
  name: 'throughput',
  async measure({ folder, size }) {
    const rates: string[] = []
    for (const count of WORKERS) {
      await using stage = await openStage(`${folder}/${count}`)
      const { client } = stage
      for (let index = 0; index < count; index += 1) stage.worker(`w${index}`, { logLevel: 'info' })
      await stage.ready(count)
      const plan = planOf('chain', CHAIN_STEPS, 'type: function, handler: nothing', true)
      const run = async (name: string, runs: number): Promise<void> => {
        const ids = Array.from({ length: runs }, (_, index) => `${name}${index}`)
        await Promise.all(ids.map((runId) => client.start(plan, { runId })))
        await Promise.all(ids.map((runId) => client.waitForEnd(runId)))
      }
      await run('warm', 200)
      const runs = scaled(THROUGHPUT_RUNS, size)
      const from = performance.now()
      await run('r', runs)
      rates.push(`${count}: ${Math.round((runs * CHAIN_STEPS) / ((performance.now() - from) / 1_000))}`)
    }
    return [
      {
        figure: `steps a second by worker processes, ${scaled(THROUGHPUT_RUNS, size)} chains of ${CHAIN_STEPS} at once, fsync every second`,
        value: rates.join(' · '),
        target: null,
        isMet: null,
      },
    ]
  },
}
