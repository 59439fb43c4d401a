import type { ModelMessage, ToolCall } from '../ports/models.ts'
import type { StepNote } from './notes.ts'

/** What a tool call gave back to the model. */
export interface ToolOutcome {
  readonly isError: boolean
  readonly text: string
}

/** Tool calls of an answer; those without an outcome are still to be made. */
export interface OpenCalls {
  readonly turn: number
  readonly text: string
  readonly calls: readonly ToolCall[]
  readonly outcomes: (ToolOutcome | null)[]
  /** Begun before: without an outcome, nobody knows whether they happened. */
  readonly begun: Set<number>
  decision: 'retry' | 'skip' | null
}

/**
 * A conversation with a model after its opening, as the notes of a step tell it (pure: the same notes, the same conversation). The
 * loop adds to it what it writes down, so that going on and having gone on are one thing.
 */
export class Conversation {
  /** Model calls that were answered in this visit: the number of the next one. */
  turn = 0
  /** Model calls of this conversation. */
  answers = 0
  /** How often the model was told to mend its answer. */
  corrections = 0
  readonly messages: ModelMessage[] = []
  open: OpenCalls | null = null

  /** Of the newest answer. */
  get lastText(): string {
    return this.messages.findLast(({ role }) => role === 'assistant')?.content ?? ''
  }

  static of(notes: readonly StepNote[]): Conversation {
    const conversation = new Conversation()
    for (const note of notes) conversation.add(note)
    return conversation
  }

  add(note: StepNote): void {
    switch (note.kind) {
      case 'answered':
        this.turn = note.turn + 1
        this.answers += 1
        this.#answer(note.text, note.calls, note.turn)
        break
      case 'calling':
        if (this.open?.turn !== note.turn) break
        this.open.begun.add(note.call)
        this.open.decision = null // used up: should this one be lost as well, a human is asked again
        break
      case 'called':
        if (this.open?.turn !== note.turn) break
        this.open.outcomes[note.call] = { isError: note.isError, text: note.text }
        this.#closeIfDone()
        break
      case 'decided':
        if (this.open?.turn === note.turn) this.open.decision = note.decision
        break
      case 'corrected':
        this.corrections += 1
        this.messages.push({ role: 'user', content: note.message })
        break
      case 'given-up':
        this.answers = 0
        this.corrections = 0
        this.messages.length = 0
        this.open = null
        break
      default:
        break
    }
  }

  #answer(text: string, calls: readonly ToolCall[], turn: number): void {
    if (calls.length === 0) this.messages.push({ role: 'assistant', content: text, toolCalls: [] })
    else this.open = { turn, text, calls, outcomes: calls.map(() => null), begun: new Set(), decision: null }
  }

  /** The calls and their results enter the conversation together, in the order in which the model made them. */
  #closeIfDone(): void {
    const { open } = this
    if (open === null || open.outcomes.some((outcome) => outcome === null)) return
    this.open = null
    this.messages.push({ role: 'assistant', content: open.text, toolCalls: open.calls })
    for (const [index, { id, name }] of open.calls.entries()) {
      const { text = '', isError = true } = open.outcomes[index] ?? {}
      this.messages.push({ role: 'tool', toolCallId: id, toolName: name, content: text, isError })
    }
  }
}
