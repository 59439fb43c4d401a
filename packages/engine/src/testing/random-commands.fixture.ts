import type { Settlement } from '../ports/journal.ts'

/**
 * Commands for journals at random: sensible ones mostly, senseless ones, too. Of dice, so that any generator of numbers will
 * do, and a smaller number is a plainer command. {@link JournalPlayer} plays them.
 */
export type RandomCommand = (
  | { readonly do: 'start' }
  | { readonly do: 'claim'; readonly nonce: number; readonly isDecided: boolean; readonly reads: readonly number[] }
  | {
      readonly do: 'settle'
      readonly nonce: number
      readonly how: How
      readonly cost: number
      readonly goOn: boolean
      readonly again: boolean
    }
  | { readonly do: 'skip'; readonly cause: number; readonly goOn: boolean }
  | { readonly do: 'spread' }
  | { readonly do: 'append'; readonly nonce: number; readonly text: number; readonly cost: number }
  | { readonly do: 'notes' }
  | { readonly do: 'wake'; readonly decision: 'approved' | 'rejected' | 'child-ended' }
  | { readonly do: 'signal'; readonly name: string; readonly payload: string }
  | { readonly do: 'mirror'; readonly status: 'running' | 'paused' | 'parked' | 'success' }
  | { readonly do: 'release'; readonly nonce: number }
  | { readonly do: 'heartbeat'; readonly nonce: number }
  | { readonly do: 'cancel' }
  | { readonly do: 'pause' }
  | { readonly do: 'resume'; readonly off: number; readonly budgetNanoUsd: number | null }
  | { readonly do: 'due' }
) &
  Target

/** Which run and step. Mostly one for which the command makes sense, by its index among them; else any of the plan's. */
export interface Target {
  /** 0 is the run, 1 a child run of it, 2 a child of that. */
  readonly run: number
  readonly step: number
  readonly isSensible: boolean
}

export type How =
  | Settlement['kind']
  | 'gate'
  | 'gate-for-a-time'
  | 'timer'
  | 'signal'
  | 'child'
  | 'parked'
  | 'no-wait'
  | 'left'

/** Numbers from 0 to 999, so many for each command. */
export const DICE = 7

export function commandOf(dice: readonly number[]): RandomCommand {
  const [what = 0, run = 0, step = 0, sense = 0, first = 0, second = 0, third = 0] = dice
  const target: Target = { run: pick(run, RUNS), step, isSensible: sense < 900 }
  const kind = pick(what, KINDS)
  switch (kind) {
    case 'claim':
      return {
        do: kind,
        ...target,
        nonce: first < 500 ? 0 : 1,
        isDecided: second < 500,
        reads: third < 500 ? [] : [third, first],
      }
    case 'settle': {
      const cost = pick(third, COSTS)
      return {
        do: kind,
        ...target,
        nonce: nonceOf(sense),
        how: pick(first, HOW),
        cost,
        goOn: second % 2 === 1,
        again: second > 800,
      }
    }
    case 'skip':
      return { do: kind, ...target, cause: first % 20, goOn: second % 2 === 1 }
    case 'append':
      return { do: kind, ...target, nonce: nonceOf(sense), text: first % 4, cost: pick(third, COSTS) }
    case 'wake':
      return {
        do: kind,
        ...target,
        decision: pick(first, ['approved', 'approved', 'rejected', 'child-ended', 'child-ended']),
      }
    case 'signal':
      return {
        do: kind,
        ...target,
        name: pick(first, ['go', 'ü"']),
        payload: pick(second, ['1', '1', '{"ä":"\\u0000"}']),
      }
    case 'mirror':
      return { do: kind, ...target, status: pick(first, ['running', 'paused', 'paused', 'parked', 'success']) }
    case 'release':
    case 'heartbeat':
      return { do: kind, ...target, nonce: nonceOf(sense) }
    case 'resume':
      return { do: kind, ...target, off: first < 800 ? 0 : 1, budgetNanoUsd: pick(second, [null, 1e9, 1e8]) }
    case 'start':
    case 'spread':
    case 'notes':
    case 'pause':
    case 'due':
      return { do: kind, ...target }
    case 'cancel':
      return { do: first < 200 ? kind : 'due', ...target } // after it not much happens to the run
    default:
      return kind satisfies never
  }
}

type Kind = RandomCommand['do']

const KINDS: readonly Kind[] = weighted({
  claim: 28,
  settle: 28,
  due: 8,
  resume: 9,
  skip: 8,
  wake: 8,
  append: 6,
  start: 5,
  release: 3,
  heartbeat: 3,
  signal: 3,
  mirror: 3,
  pause: 2,
  notes: 2,
  spread: 2,
  cancel: 1,
})

const HOW: readonly How[] = weighted({
  success: 12,
  failed: 3,
  timeout: 1,
  retry: 2,
  skipped: 1,
  left: 1,
  wait: 0,
  gate: 3,
  child: 3,
  signal: 2,
  timer: 2,
  parked: 2,
  'gate-for-a-time': 1,
  'no-wait': 1,
})

const RUNS = [0, 0, 0, 0, 0, 0, 1, 1, 1, 2]
const COSTS = [0, 0, 300_000_000]

/** 0 is the nonce under which the step was claimed last, the others are made up. */
function nonceOf(dice: number): number {
  return dice % 10 === 9 ? 1 + (dice % 3) : 0
}

function weighted<Name extends string>(weights: Readonly<Record<Name, number>>): readonly Name[] {
  const names = Object.keys(weights) as Name[] // of the literal that is passed in
  return names.flatMap((name) => Array<Name>(weights[name]).fill(name))
}

function pick<Item>(dice: number, items: readonly [Item, ...Item[]] | readonly Item[]): Item {
  const item = items[Math.floor((dice / 1_000) * items.length)]
  if (item === undefined) throw new RangeError(`dice go from 0 to 999, not ${dice}`)
  return item
}
