import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openJournal } from '@agentloom/embedded'
import { startOpenAIServer, type OpenAIServer, type ReceivedRequest } from '@agentloom/gateway/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { exited } from './fleet.ts'

const TURNS = 12

let home: string
let server: OpenAIServer
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'agentloom-agent-'))
  server = await startOpenAIServer()
})
afterEach(async () => {
  await server.close()
  await rm(home, { recursive: true, force: true })
})

/** Where the process is killed: when the model is asked, right after it has answered, in a tool before and after its effect. */
const POINTS = Array.from({ length: TURNS }, (_, turn) => [
  `asked:${turn}`,
  `answered:${turn}`,
  ...(turn === TURNS - 1 ? [] : [`before:${turn}`, `after:${turn}`]),
]).flat()

test(
  `an agent loop of ${TURNS} iterations, killed at each point in turn, repeats no recorded call`,
  { timeout: 240_000 },
  async () => {
    let point = ''
    let child: ChildProcess | null = null
    const asked: number[] = []
    const answer = (request: ReceivedRequest) => {
      const turn = turnOf(request)
      asked.push(turn)
      if (point === `asked:${turn}`) {
        child?.kill('SIGKILL')
        return { kind: 'silence' as const }
      }
      if (point === `answered:${turn}`) setImmediate(() => child?.kill('SIGKILL'))
      if (turn === TURNS - 1) return { kind: 'answer' as const, text: 'done' }
      const toolCalls = [{ id: `c${turn}`, name: 'jot', arguments: JSON.stringify({ turn }) }]
      return { kind: 'answer' as const, text: '', toolCalls, finishReason: 'tool_calls' }
    }
    const unfinished = new Set(POINTS)
    let kills = 0
    for (let begun = 0; ; begun += 1) {
      expect(begun).toBeLessThan(2 * POINTS.length)
      const known = await recorded()
      point = POINTS.find((one) => unfinished.has(one) && !isPast(one, known)) ?? 'none'
      const [askedBefore, jottedBefore] = [asked.length, (await jotted()).length]
      server.next(...Array.from({ length: TURNS }, () => answer))
      child = start(point, begun === 0 || known === null ? 'start' : 'resume')
      const ending = await exited(child)
      for (const one of POINTS) if (one === point) unfinished.delete(one)
      // The proof: what the journal knew when the process began was neither asked nor done by it.
      for (const turn of asked.slice(askedBefore)) expect(known?.answered ?? []).not.toContain(turn)
      for (const { turn } of (await jotted()).slice(jottedBefore)) expect(known?.called ?? []).not.toContain(turn)
      if (ending === 0) break
      expect(ending, said).toBe('SIGKILL')
      kills += 1
    }
    expect(point === 'none' || point === `answered:${TURNS - 1}`).toBe(true)
    expect(kills).toBeGreaterThanOrEqual(3 * TURNS)
    const { status, said: output } = await ended()
    expect([status, output]).toEqual(['success', '"done"'])
    // Each tool call has one key, however often it was begun.
    const keys = new Map<number, Set<string>>()
    for (const { turn, key } of await jotted()) keys.set(turn, (keys.get(turn) ?? new Set()).add(key))
    expect([...keys.keys()].toSorted((a, b) => a - b)).toEqual(Array.from({ length: TURNS - 1 }, (_, turn) => turn))
    expect([...keys.values()].every((of) => of.size === 1)).toBe(true)
    const repeats = asked.length - TURNS
    console.log(
      `${kills} kills at ${POINTS.length} points: ${asked.length} model calls for ${TURNS} turns (${repeats} of them lost)`,
    )
  },
)

let said = ''

function start(point: string, verb: string): ChildProcess {
  const file = join(import.meta.dirname, 'agent-loop-child.ts')
  const flags = ['--conditions=agentloom-source', '--disable-warning=ExperimentalWarning']
  const args = [...flags, file, join(home, '.agentloom'), server.url, join(home, 'log'), point, verb]
  const child = spawn(process.execPath, args, {
    env: { ...process.env, NODE_OPTIONS: '' },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  said = ''
  child.stderr?.on('data', (chunk: Buffer) => void (said += chunk.toString()))
  return child
}

function turnOf({ body }: ReceivedRequest): number {
  const messages = body?.['messages']
  return Array.isArray(messages) ? messages.filter(({ role }) => role === 'assistant').length : -1
}

/** Turns whose model call, and whose tool call, the journal has; null where the run is not in it yet. */
async function recorded(): Promise<{
  readonly answered: readonly number[]
  readonly called: readonly number[]
} | null> {
  await using journal = await openJournal({ folder: join(home, '.agentloom') })
  const loaded = await journal.load('agent')
  if (loaded === null) return null
  const notes = loaded.records.flatMap((record): { kind: string; turn: number }[] =>
    record.kind === 'noted' ? [JSON.parse(record.note)] : [],
  )
  const turns = (kind: string) => notes.filter((note) => note.kind === kind).map(({ turn }) => turn)
  return { answered: turns('answered'), called: turns('called') }
}

/** A point that the run has left behind already is not reached again. */
function isPast(point: string, known: Awaited<ReturnType<typeof recorded>>): boolean {
  const [what, turn] = point.split(':')
  const past = what === 'asked' || what === 'answered' ? known?.answered : known?.called
  return past?.includes(Number(turn)) ?? false
}

async function jotted(): Promise<readonly { readonly turn: number; readonly key: string }[]> {
  const text = await readFile(join(home, 'log'), 'utf8').catch(() => '')
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => {
      const [turn = '', key = ''] = line.split(' ')
      return { turn: Number(turn), key }
    })
}

async function ended(): Promise<{ readonly status: string; readonly said: string | null }> {
  await using journal = await openJournal({ folder: join(home, '.agentloom') })
  const loaded = await journal.load('agent')
  const last = loaded?.records.findLast((record) => record.kind === 'committed')
  return { status: loaded?.header.status ?? '', said: last?.kind === 'committed' ? last.output : null }
}
