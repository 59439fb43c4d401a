import {
  isList,
  isMapping,
  parseValue,
  writeValue,
  type ErrorInfo,
  type Value,
  type ValueMap,
} from '@agentloom/workflow'
import { CorruptJournalError } from '../journal/errors.ts'
import type { Note } from '../ports/journal.ts'
import type { ToolCall } from '../ports/models.ts'
import { StepAbortedError } from '../walk/held.ts'
import type { Attempt, SpentUsage } from './attempt.ts'

/**
 * What a step writes down while it runs, so that whoever goes on with it repeats nothing. A turn is one call of a model,
 * counted from 0 over a visit; a call is one of the tool calls in its answer, counted from 0. Each note holds only what is
 * new: the conversation is the fold of the notes (conversation.ts).
 */
export type StepNote =
  /** A model is about to be asked. `request`: hash of all that it is told. */
  | { readonly kind: 'asked'; readonly turn: number; readonly request: string }
  /** It answered, and the conversation goes on. Usage and cost are the note's own. */
  | { readonly kind: 'answered'; readonly turn: number; readonly text: string; readonly calls: readonly ToolCall[] }
  /** A tool is about to be called: without the next note, nobody knows whether it was. */
  | { readonly kind: 'calling'; readonly turn: number; readonly call: number; readonly tool: string }
  | {
      readonly kind: 'called'
      readonly turn: number
      readonly call: number
      readonly isError: boolean
      readonly text: string
    }
  /** A human's answer about calls of this turn that may have happened. */
  | { readonly kind: 'decided'; readonly turn: number; readonly decision: 'retry' | 'skip' }
  /** The model is told what is wrong with its answer. */
  | { readonly kind: 'corrected'; readonly turn: number; readonly message: string }
  /** The conversation led to nothing; another attempt begins a new one. */
  | { readonly kind: 'given-up'; readonly turn: number }
  /** Items of a `foreach` that ended in one turn of the event loop. */
  | { readonly kind: 'items'; readonly items: readonly ItemEnd[] }
  /** A note of an item's own body. */
  | { readonly kind: 'inside'; readonly index: number; readonly note: Value }

/** What one item of a `foreach` gave, or how it failed in an attempt of the step. */
export type ItemEnd =
  | { readonly index: number; readonly output: Value }
  | {
      readonly index: number
      /** So far, in this attempt of the step. */
      readonly failures: number
      readonly attempt: number
      /** It is not tried again in this attempt of the step. */
      readonly isFinal: boolean
      readonly error: ErrorInfo
    }

/**
 * Writes down what happened inside a step. From then on it is known to whoever goes on with the step.
 * @throws {StepAbortedError} the step was given up: nothing more may be done
 */
export async function writeNote(attempt: Attempt, note: StepNote, usage: SpentUsage | null = null): Promise<void> {
  const { held, journal } = attempt
  if (held.reason !== null) throw new StepAbortedError(held.reason)
  const written: Note = {
    text: writeValue(note as unknown as Value), // notes are JSON by their type; interfaces only lack the index signature
    usage: usage === null ? null : { ...usage, durationMs: 0 },
  }
  const reply = await (attempt.notebook?.append(written) ?? journal.append(held.claim, written))
  if (reply.outcome === 'stale') held.abort('lost')
  if (held.reason !== null) throw new StepAbortedError(held.reason)
}

/** This visit's notes, oldest first. @throws {CorruptJournalError} */
export async function readNotes(attempt: Attempt): Promise<readonly StepNote[]> {
  const { held, journal, header, node, notebook } = attempt
  if (notebook !== undefined) return notebook.notes
  if (held.claim.epoch === 1) return []
  const texts = await journal.notes(header.runId, node.id)
  return texts.map((text) => {
    const note = noteFrom(parseValue(text))
    if (note === null) throw new CorruptJournalError(header.runId, `a note of step ${node.id} that nobody can read`)
    return note
  })
}

/** The note that a value is, or null. */
export function noteFrom(value: Value): StepNote | null {
  if (!isMapping(value)) return null
  const { kind } = value
  const turn = number(value, 'turn')
  const call = number(value, 'call')
  const index = number(value, 'index')
  switch (kind) {
    case 'asked':
      return { kind, turn, request: text(value, 'request') }
    case 'answered':
      return { kind, turn, text: text(value, 'text'), calls: callsOf(value) }
    case 'calling':
      return { kind, turn, call, tool: text(value, 'tool') }
    case 'called':
      return { kind, turn, call, isError: value['isError'] === true, text: text(value, 'text') }
    case 'decided':
      return { kind, turn, decision: value['decision'] === 'skip' ? 'skip' : 'retry' }
    case 'corrected':
      return { kind, turn, message: text(value, 'message') }
    case 'given-up':
      return { kind, turn }
    case 'items':
      return { kind, items: itemsOf(value) }
    case 'inside':
      return { kind, index, note: value['note'] ?? null }
    default:
      return null
  }
}

function callsOf(note: ValueMap): readonly ToolCall[] {
  const calls = note['calls'] ?? null
  if (!isList(calls)) return []
  return calls.filter(isMapping).map((call) => {
    const args = call['arguments'] ?? null
    return { id: text(call, 'id'), name: text(call, 'name'), arguments: isMapping(args) ? args : null }
  })
}

function itemsOf(note: ValueMap): readonly ItemEnd[] {
  const items = note['items'] ?? null
  if (!isList(items)) return []
  return items.filter(isMapping).map((item) => {
    const index = number(item, 'index')
    const error = item['error'] ?? null
    if (!isMapping(error)) return { index, output: item['output'] ?? null }
    const { place = null, help = null } = error
    const info = {
      code: text(error, 'code'),
      message: text(error, 'message'),
      place: typeof place === 'string' ? place : null,
      help: typeof help === 'string' ? help : null,
    }
    const [failures, attempt] = [number(item, 'failures'), number(item, 'attempt')]
    return { index, failures, attempt, isFinal: item['isFinal'] === true, error: info }
  })
}

function number(note: ValueMap, key: string): number {
  const value = note[key]
  return typeof value === 'number' ? value : 0
}

function text(note: ValueMap, key: string): string {
  const value = note[key]
  return typeof value === 'string' ? value : ''
}
