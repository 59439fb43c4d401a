import type { Wait, Wake } from '@agentloom/engine'
import { CHILD_CHECK_MS, quarantineWait } from '@agentloom/engine'
import { STATUSES } from './header.ts'
import { intIn, listIn, oneOf, textIn, textOrNullIn } from './reply.ts'

/** Waits and wakes as Redis keeps them: short arrays, a letter first. Scripts write wakes, too: `lua/lib/open.lua`. */
export function waitText(wait: Wait): string {
  return JSON.stringify(partsOf(wait))
}

function partsOf(wait: Wait): readonly unknown[] {
  switch (wait.kind) {
    case 'gate':
      return ['g', wait.timeoutMs]
    case 'timer':
      return ['a', wait.delayMs]
    case 'signal':
      return ['i', wait.name, wait.timeoutMs]
    case 'child':
      return ['c', wait.runId]
    case 'parked':
      return ['p', wait.reason, wait.message, wait.checkMs]
    default:
      return wait satisfies never
  }
}

/** @throws for what no script of ours wrote */
export function waitIn(value: unknown): Wait {
  const [letter, first, second, third] = listIn(value)
  switch (letter) {
    case 'g':
      return { kind: 'gate', timeoutMs: msOrNullIn(first) }
    case 'a':
      return { kind: 'timer', delayMs: msIn(first) }
    case 'i':
      return { kind: 'signal', name: textIn(first), timeoutMs: msOrNullIn(second) }
    case 'c':
      return { kind: 'child', runId: textIn(first) }
    case 'p':
      return { kind: 'parked', reason: textIn(first), message: textIn(second), checkMs: msOrNullIn(third) }
    case 'q': // written by a script
      return quarantineWait(intIn(first))
    default:
      throw new Error('a kind of wait that this version does not know')
  }
}

/** What `settle` is told of a wait: see the head of `lua/commands/settle.lua`. */
export function waitArguments(wait: Wait): {
  readonly letter: string
  readonly detail: string
  readonly ms: number | null
} {
  switch (wait.kind) {
    case 'gate':
      return { letter: 'g', detail: '', ms: wait.timeoutMs }
    case 'timer':
      return { letter: 'a', detail: '', ms: wait.delayMs }
    case 'signal':
      return { letter: 'i', detail: wait.name, ms: wait.timeoutMs }
    case 'child':
      return { letter: 'c', detail: wait.runId, ms: CHILD_CHECK_MS }
    case 'parked':
      return { letter: 'p', detail: '', ms: wait.checkMs }
    default:
      return wait satisfies never
  }
}

/** As much of a wake's text as tells it from another answer: who decided makes no difference. */
export function wakeKey(wake: Wake): string {
  const text = wakeText(wake)
  return wake.kind === 'decided' || wake.kind === 'unparked'
    ? text.slice(0, text.length - JSON.stringify(wake.by).length - 1)
    : text
}

export function wakeText(wake: Wake): string {
  switch (wake.kind) {
    case 'decided':
      return JSON.stringify(['d', wake.decision, wake.by])
    case 'signalled':
      return JSON.stringify(['s', wake.payload])
    case 'unparked':
      return JSON.stringify(['u', wake.by])
    case 'elapsed':
      return '["e"]'
    case 'child-ended':
      return JSON.stringify(['c', wake.runId, wake.status])
    default:
      return wake satisfies never
  }
}

/** @throws for what no script of ours wrote */
export function wakeIn(value: unknown): Wake {
  const [letter, first, second] = listIn(value)
  switch (letter) {
    case 'd':
      return { kind: 'decided', decision: textIn(first), by: textOrNullIn(second) }
    case 's':
      return { kind: 'signalled', payload: textIn(first) }
    case 'u':
      return { kind: 'unparked', by: textOrNullIn(first) }
    case 'e':
      return { kind: 'elapsed' }
    case 'c':
      return { kind: 'child-ended', runId: textIn(first), status: oneOf(STATUSES, second) }
    default:
      throw new Error('a kind of wake that this version does not know')
  }
}

function msIn(value: unknown): number {
  if (typeof value === 'number' && Number.isFinite(value)) return value
  return intIn(value)
}

function msOrNullIn(value: unknown): number | null {
  return value === null ? null : msIn(value)
}
