import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { openJournal } from '@agentloom/embedded'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { chainYaml, stepId } from './chain.ts'
import { claimsAfterCommit, readLines, unexplainedLines, unfinishedClaims } from './evidence.ts'
import { agentloom, exited } from './fleet.ts'

const SCALE = Number(process.env['AGENTLOOM_TEST_SCALE'] ?? '1')
const KILLS = Math.round(50 * SCALE)
const STEPS = 400

let home: string
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'agentloom-kill-'))
})
afterEach(() => rm(home, { recursive: true, force: true }))

/** Where the kill hit, as the journal tells it. */
const PHASES = [
  'in step',
  'in commit',
  'between',
  'before the first claim',
  'before the start',
  'after the end',
] as const
type Phase = (typeof PHASES)[number]
const EFFECTIVE: readonly Phase[] = ['in step', 'in commit', 'between']

test(
  `${KILLS} kills of agentloom run, resumed each time: each committed step ran once`,
  { timeout: 300_000 },
  async () => {
    const phases = new Map<Phase, number>()
    let effective = 0
    for (let run = 0; effective < KILLS; run += 1) {
      expect(run).toBeLessThan(KILLS)
      effective += await killedToTheEnd(`r${run}`, phases, KILLS - effective)
    }
    console.log(
      `${effective} kills that took effect: ${PHASES.map((phase) => `${phases.get(phase) ?? 0} ${phase}`).join(', ')}`,
    )
    expect(effective).toBeGreaterThanOrEqual(KILLS)
  },
)

/** One run of 400 steps, killed at uneven moments until it ends. */
async function killedToTheEnd(runId: string, phases: Map<Phase, number>, wanted: number): Promise<number> {
  const file = join(home, `${runId}.lines`)
  const workflow = join(home, `${runId}.yaml`)
  await writeFile(workflow, chainYaml({ steps: STEPS, file, minMs: 5, maxMs: 20 }))
  const functions = ['--functions', join(import.meta.dirname, 'functions.ts'), '--json']
  let args = ['run', workflow, '--id', runId, ...functions]
  let effective = 0
  for (let attempt = 0; ; attempt += 1) {
    const child = agentloom(args, { cwd: home, env: { AGENTLOOM_HOME: join(home, '.agentloom') } })
    const said: Buffer[] = []
    child.stdout?.on('data', (chunk: Buffer) => said.push(chunk))
    child.stderr?.on('data', (chunk: Buffer) => said.push(chunk))
    const isLast = effective >= wanted
    const ending = isLast ? await exited(child) : await Promise.race([exited(child), untilAtWork(file, attempt)])
    if (ending !== undefined) {
      expect(ending, Buffer.concat(said).toString()).toBe(0)
      break
    }
    child.kill('SIGKILL')
    await exited(child)
    const phase = await phaseOf(runId, file)
    phases.set(phase, (phases.get(phase) ?? 0) + 1)
    if (EFFECTIVE.includes(phase)) effective += 1
    if (phase !== 'before the start') args = ['resume', runId, ...functions]
    expect(attempt).toBeLessThan(200)
  }
  await proveOnce(runId, file)
  return effective
}

/** Now and then before the run can have begun; else an uneven while after the process has left its first line. */
async function untilAtWork(file: string, attempt: number): Promise<void> {
  const before = await sizeOf(file)
  if (attempt % 10 !== 9) while ((await sizeOf(file)) === before) await sleep(5)
  await sleep((attempt * 131) % 400)
}

async function sizeOf(file: string): Promise<number> {
  return stat(file).then(
    ({ size }) => size,
    () => 0,
  )
}

async function phaseOf(runId: string, file: string): Promise<Phase> {
  await using journal = await openJournal({ folder: join(home, '.agentloom') })
  const loaded = await journal.load(runId)
  if (loaded === null) return 'before the start'
  if (!loaded.records.some(({ kind }) => kind === 'claimed')) return 'before the first claim'
  if (loaded.records.at(-1)?.kind === 'ended') return 'after the end'
  const last = loaded.records.at(-1)
  if (last?.kind !== 'claimed') return 'between'
  const done = await readLines(`${file}.done`).catch(() => [])
  return done.some(({ step, epoch }) => step === last.stepId && epoch === last.epoch) ? 'in commit' : 'in step'
}

async function proveOnce(runId: string, file: string): Promise<void> {
  await using journal = await openJournal({ folder: join(home, '.agentloom') })
  const loaded = await journal.load(runId)
  if (loaded === null) throw new Error(`run ${runId} is gone`)
  expect(loaded.header.status).toBe('success')
  expect(claimsAfterCommit(loaded)).toEqual([])
  const lines = await readLines(file)
  expect(unexplainedLines(lines, unfinishedClaims(loaded))).toEqual([])
  const left = new Set(lines.map(({ step }) => step))
  for (let step = 0; step < STEPS; step += 1) expect(left).toContain(stepId(step))
  const last = loaded.records.findLast((record) => record.kind === 'committed')
  expect(last?.kind === 'committed' ? last.output : null).toBe(String(STEPS))
}
