import { setTimeout as sleep } from 'node:timers/promises'
import { exited } from '../../crash/fleet.ts'
import { type Execution, monotonicMs } from '../witness.ts'
import { type Figure, quantiles, scaled } from './figure.ts'
import { openStage, planOf, type Stage } from './stage.ts'

const KILLS = 20
const STEPS = 12
const HOLD_MS = 600_000
const BEGUN_MS_MAX = 20_000
const TAKEN_MS_MAX = 60_000
const RESTARTS = 10

const holding = planOf('holding', 1, `type: function, handler: hold, input: {ms: ${HOLD_MS}}`)

export const takeover: Figure = {
  name: 'takeover',
  async measure({ folder, size }) {
    await using stage = await openStage(folder)
    let victim = stage.worker('w0')
    stage.worker('w1')
    await stage.ready(2)
    const times: number[] = []
    for (let kill = 0, ready = 2; kill < scaled(KILLS, size); kill += 1) {
      const held = await begin(stage, `k${kill}`, victim.pid)
      await sleep(1_000 * ((kill % 10) / 10)) // at any time between two beats
      const killedAtMs = monotonicMs()
      victim.kill('SIGKILL')
      await exited(victim)
      times.push(...(await taken(stage, held)).map(({ monotonicMs: atMs }) => atMs - killedAtMs))
      victim = stage.worker('w0')
      await stage.ready((ready += 1))
    }
    return [quantiles('takeover of a killed worker’s step by another', times, 5_000)]
  },
}

export const restart: Figure = {
  name: 'restart',
  async measure({ folder, size }) {
    await using stage = await openStage(folder)
    let worker = stage.worker('w0')
    await stage.ready(1)
    const sinceReady: number[] = []
    const sinceSpawn: number[] = []
    for (let kill = 0, ready = 1; kill < scaled(RESTARTS, size); kill += 1) {
      const held = await begin(stage, `k${kill}`, worker.pid)
      await sleep(1_500) // more than a beat: it is known what it holds
      worker.kill('SIGKILL')
      await exited(worker)
      const spawnedAtMs = monotonicMs()
      const wasReady = readyTime(stage)
      worker = stage.worker('w0')
      const again = await taken(stage, held)
      await stage.ready((ready += 1))
      const readyWallMs = await wasReady
      sinceSpawn.push(...again.map(({ monotonicMs: atMs }) => atMs - spawnedAtMs))
      sinceReady.push(...again.map(({ wallMs }) => wallMs - readyWallMs))
    }
    const start = quantiles('a restarted worker takes its own steps back, after it takes steps', sinceReady, 1_000)
    const spawn = quantiles('the same, after its process was started', sinceSpawn, 1_000)
    return [start, { ...spawn, target: null, isMet: null }]
  },
}

/** Starts runs until the process holds some of their steps; those that others took are of no interest. */
async function begin(stage: Stage, name: string, pid: number | undefined): Promise<ReadonlySet<string>> {
  const held = new Set<string>()
  const others = new Set<string>()
  const stop = stage.witness.listen((line) => {
    if (!('pid' in line) || line.did === undefined || !line.runId.startsWith(`${name}-`)) return
    ;(line.pid === pid ? held : others).add(line.runId)
  })
  const count = STEPS * 2
  await Promise.all(
    Array.from({ length: count }, (_, index) => stage.client.start(holding, { runId: `${name}-${index}` })),
  )
  if (held.size + others.size < count) await stage.witness.until(() => held.size + others.size >= count, BEGUN_MS_MAX)
  stop()
  if (held.size === 0) throw new Error('the worker took no step')
  return held
}

/** The executions that took the runs' steps over. */
async function taken(stage: Stage, runIds: ReadonlySet<string>): Promise<readonly Execution[]> {
  const found = new Map<string, Execution>()
  const isAll = await stage.witness.until((line) => {
    if ('pid' in line && line.did !== undefined && line.epoch > 1 && runIds.has(line.runId)) found.set(line.runId, line)
    return found.size === runIds.size
  }, TAKEN_MS_MAX)
  if (!isAll) throw new Error(`${found.size} of ${runIds.size} steps were taken over within ${TAKEN_MS_MAX} ms`)
  return [...found.values()]
}

/** Wall clock of the next worker that takes steps. */
function readyTime(stage: Stage): Promise<number> {
  return new Promise((resolve) => {
    const stop = stage.witness.listen((line) => {
      if (!('message' in line) || line.message !== 'taking steps' || line.timestamp === undefined) return
      stop()
      resolve(Date.parse(line.timestamp))
    })
  })
}
