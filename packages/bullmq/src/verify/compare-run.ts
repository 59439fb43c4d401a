import { isOver, type Finding, type FindingCode, type RunState } from '@agentloom/engine'
import { imageOf } from '../journal/run-image.ts'
import type { StoredRun } from './stored-run.ts'

/**
 * What Redis has counted and noted down of a run, against what its records imply (I4, I8). No record tells of nonces, of bells
 * that were rung again (a higher epoch), of a back-off that has passed, or of a lease that was given up for want of a turn.
 */
export function compareRun(implied: RunState, stored: StoredRun): readonly Finding[] {
  const image = imageOf(implied)
  const compared: Compared = {
    fields: new Map(pairsOf(image.fields)),
    steps: new Map(pairsOf(image.steps)),
    implied,
    stored,
    // Edges that come in chunks are on record before all of them are counted.
    isSpreading: [...stored.steps.keys()].some((name) => name.startsWith('/edges:')),
  }
  return [
    ...countersOf(compared),
    ...cellsOf(compared),
    ...notesOf(compared),
    ...outputsOf(compared),
    ...dueOf(compared),
    ...indexesOf(compared),
  ]
}

interface Compared {
  readonly fields: ReadonlyMap<string, string>
  readonly steps: ReadonlyMap<string, string>
  readonly implied: RunState
  readonly stored: StoredRun
  readonly isSpreading: boolean
}

function pairsOf(flat: readonly (string | number)[]): [string, string][] {
  return flat.flatMap((name, at) => (at % 2 === 0 ? [[String(name), String(flat[at + 1])]] : []))
}

function finding(code: FindingCode, stepId: string | null, message: string): Finding {
  return { code, stepId, message }
}

function countersOf({ fields, steps, stored, implied, isSpreading }: Compared): readonly Finding[] {
  const found: Finding[] = []
  const compare = (name: string, has: string | undefined, should: string | undefined): void => {
    if (has !== should)
      found.push(finding('counter', null, `${name} is ${has ?? 'missing'}, its records make it ${should}`))
  }
  compare('/unresolved', stored.steps.get('/unresolved'), steps.get('/unresolved'))
  if (!isSpreading) compare('/open', stored.steps.get('/open'), steps.get('/open'))
  compare('spent', stored.fields.get('spent') ?? '0', fields.get('spent') ?? '0')
  // A step of a concurrency key may have given its slot back unseen.
  if (implied.start.cap !== null && !stored.fields.has('key'))
    compare('inFlight', stored.fields.get('inFlight') ?? '0', fields.get('inFlight'))
  const { cap, parent, cleanup } = implied.start
  const isPlain =
    cap === null && implied.budgetNanoUsd === null && parent === null && cleanup === null && !implied.isHeld
  if (stored.steps.get('/plain') === '1' && !isPlain)
    found.push(finding('counter', null, 'it is marked as a plain run, which it is not'))
  return found
}

const CELL = /^([a-z])[^|]*\|(\d+)\|(\d+)\|(\d+)\|(\d+)\|(\d*\|\d*\|[0-3])(?:\|(\d+)\|(1?))?$/

interface CellParts {
  readonly letter: string
  readonly epoch: number
  readonly failures: number
  readonly rank: number
  readonly edges: number
  readonly verdicts: string
  readonly visit: number
}

function partsOf(text: string): CellParts | null {
  const [, letter = '', epoch, failures, rank, edges, verdicts = '', visit] = CELL.exec(text) ?? []
  if (letter === '') return null
  return {
    letter,
    epoch: Number(epoch),
    failures: Number(failures),
    rank: Number(rank),
    edges: Number(edges),
    verdicts,
    visit: Number(visit ?? 1),
  }
}

/** What a step may be without any record that says so. */
const UNTOLD: Readonly<Record<string, string>> = { x: 'lx', b: 'br', u: 'ur' }
const NOT_STARTED = 'wur'

const MEANING: Readonly<Record<string, string>> = {
  w: 'waiting for its sources',
  u: 'undecided',
  r: 'ready',
  l: 'claimed',
  x: 'claimed, its lease run out',
  b: 'waiting to be tried again',
  g: 'waiting at a gate',
  a: 'waiting for a time',
  i: 'waiting for a signal',
  p: 'parked',
  c: 'waiting for its child run',
  d: 'waiting for its child run, which is paused',
  e: 'waiting for its child run, which is parked',
  s: 'committed',
  f: 'failed',
  t: 'timed out',
  k: 'skipped',
}

function cellsOf({ steps, stored, isSpreading }: Compared): readonly Finding[] {
  const found: Finding[] = []
  const names = new Set([...steps.keys(), ...stored.steps.keys()].filter((name) => !name.includes('/')))
  const untold = (letter: string): string =>
    letter === 'x' && stored.fields.has('key') ? 'lxr' : (UNTOLD[letter] ?? letter)
  for (const stepId of names) {
    const text = stored.steps.get(stepId)
    const should = partsOf(steps.get(stepId) ?? UNTOUCHED)
    const has = partsOf(text ?? UNTOUCHED)
    const say = (message: string): void => void found.push(finding('cell', stepId, message))
    if (should === null) continue
    if (has === null) {
      say(`its state is nonsense: ${text?.slice(0, 80)}`)
      continue
    }
    if (isSpreading && NOT_STARTED.includes(has.letter) && NOT_STARTED.includes(should.letter)) continue
    if (!untold(should.letter).includes(has.letter))
      say(`it is ${MEANING[has.letter] ?? has.letter}, its records make it ${MEANING[should.letter]}`)
    else if (has.letter === 'w' && (has.edges !== should.edges || has.verdicts !== should.verdicts))
      say(`${has.edges} edges have come (${has.verdicts}), its records make them ${should.edges} (${should.verdicts})`)
    if (has.epoch < should.epoch) say(`its epoch is ${has.epoch}, its records tell of ${should.epoch}`)
    if (has.failures !== should.failures) say(`it counts ${has.failures} failures, its records ${should.failures}`)
    if (has.visit !== should.visit) say(`it counts ${has.visit} visits, its records ${should.visit}`)
  }
  return found
}

/** A step that nothing has been noted down of. */
const UNTOUCHED = 'w|0|0|0|0|||0'

const LISTS = /^\/(?:kids$|want:)/
const TEXTS = /^\/(?:wait|deaths):/
const COUNTERS: ReadonlySet<string> = new Set(['/unresolved', '/open', '/plain'])

/** What stands beside the cells: waits, signals, deaths, notes. */
function notesOf({ steps, stored }: Compared): readonly Finding[] {
  const found: Finding[] = []
  for (const [name, should] of steps) {
    if (!name.startsWith('/') || COUNTERS.has(name)) continue
    const has = stored.steps.get(name)
    const isRight = LISTS.test(name)
      ? should.split('/').every((step) => has?.split('/').includes(step))
      : TEXTS.test(name)
        ? has === should
        : has !== undefined
    if (!isRight) found.push(finding('cell', null, `${name} is ${has ?? 'missing'}, its records make it ${should}`))
  }
  return found
}

function outputsOf({ implied, stored }: Compared): readonly Finding[] {
  return [...implied.outputs.keys()]
    .filter((stepId) => !stored.outputs.has(stepId))
    .map((stepId) => finding('output', stepId, 'its output is missing'))
}

/** What stands in `due` also while the run is held; what only where it is not; what only where it has a time. */
const WITH_HELD = 'lbcde'
const AT_WORK = 'xu'
const SLEEPING = 'gaip'

/** I4: whatever waits for something without a worker must stand in `due`, or in the queue for a slot or a turn. */
function dueOf({ implied, stored, steps }: Compared): readonly Finding[] {
  const { fields, due } = stored
  const status = fields.get('status') ?? ''
  if (isOver(implied.status)) return []
  const isHeld = (fields.get('held') ?? '') !== ''
  const isClosing = (fields.get('closing') ?? '') !== ''
  const found: Finding[] = []
  if (implied.timeoutMs !== null && status !== 'paused' && !isHeld && !isClosing && !due.has(''))
    found.push(finding('due', null, 'its time-out is not in due'))
  for (const [name, text] of stored.steps) {
    if (name.startsWith('/edges:') && !isClosing && !due.has(name.slice('/edges:'.length)))
      found.push(finding('due', name.slice('/edges:'.length), 'it owes edges, and is not in due'))
    const cell = name.includes('/') ? null : partsOf(text)
    if (cell === null || due.has(name) || (isClosing && name !== implied.start.cleanup?.stepId)) continue
    const { letter } = cell
    const isUnseen =
      WITH_HELD.includes(letter) ||
      (!isHeld && AT_WORK.includes(letter)) ||
      (letter === 'r' && !isHeld && !stored.queue.has(name) && !fields.has('key')) ||
      (SLEEPING.includes(letter) && /^\d/.test(steps.get(`/wait:${name}`) ?? ''))
    if (isUnseen)
      found.push(
        finding('due', name, `it is ${MEANING[cell.letter]}, and nobody will look at it again: it is not in due`),
      )
  }
  return found
}

function indexesOf({ stored }: Compared): readonly Finding[] {
  const own = `${stored.fields.has('parent') ? 'cx' : 'ix'}:${stored.fields.get('status')}`
  const found: Finding[] = []
  if (!stored.indexes.has(own)) found.push(finding('index', null, `the list ${own} does not name it`))
  for (const other of stored.indexes)
    if (other !== own) found.push(finding('index', null, `the list ${other} names it, but it belongs to ${own}`))
  return found
}
