import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { openJournal } from '@agentloom/embedded'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { claimsAfterCommit, readLines, unexplainedLines, unfinishedClaims } from './evidence.ts'
import { agentloom, exited } from './fleet.ts'
import { waitingYaml } from './waits.ts'

let home: string
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'agentloom-waits-'))
})
afterEach(() => rm(home, { recursive: true, force: true }))

const functions = ['--functions', join(import.meta.dirname, 'functions.ts'), '--json']

function command(...args: string[]) {
  return agentloom(args, { cwd: home, env: { AGENTLOOM_HOME: join(home, '.agentloom') } })
}

test(
  'kill -9 while a child run works and while it waits: nothing that was committed runs again',
  { timeout: 60_000 },
  async () => {
    const file = join(home, 'lines')
    const workflow = join(home, 'waits.yaml')
    await writeFile(workflow, waitingYaml(file))

    const first = command('run', workflow, '--id', 'w', ...functions)
    await until(async () => (await linesOf(file)).some(({ step }) => step === 'slow'))
    await killed(first)
    expect(await exited(command('resume', 'w', ...functions))).toBe(0) // at the gate
    expect(await standing()).toEqual(['paused', 'paused'])

    expect(await exited(command('approve', 'w', 'sub.gate'))).toBe(0)
    const waiting = command('resume', 'w', ...functions)
    await until(async () => (await standing()).every((status) => status === 'parked'))
    await killed(waiting)
    expect(await exited(command('signal', 'w', 'delivered', '"parcel"'))).toBe(0)
    expect(await exited(command('resume', 'w', ...functions))).toBe(0)

    await using journal = await openJournal({ folder: join(home, '.agentloom'), access: 'read' })
    const runs = [await journal.load('w'), await journal.load('w.sub')].filter((run) => run !== null)
    expect(runs.map(({ header }) => header.status)).toEqual(['success', 'success'])
    expect(runs.flatMap(claimsAfterCommit)).toEqual([])
    expect(unexplainedLines(await linesOf(file), runs.flatMap(unfinishedClaims))).toEqual([])
  },
)

async function standing(): Promise<readonly unknown[]> {
  await using journal = await openJournal({ folder: join(home, '.agentloom'), access: 'read' })
  return [(await journal.header('w'))?.status, (await journal.header('w.sub'))?.status]
}

const linesOf = (file: string) => readLines(file).catch(() => [])

async function killed(child: ReturnType<typeof agentloom>): Promise<void> {
  child.kill('SIGKILL')
  expect(await exited(child)).toBe('SIGKILL')
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let looks = 0; !(await holds()); looks += 1) {
    expect(looks).toBeLessThan(1_000)
    await sleep(20)
  }
}
