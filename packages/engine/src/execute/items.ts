import type { ErrorInfo, Value } from '@agentloom/workflow'
import type { Attempt, Notebook, SpentUsage } from './attempt.ts'
import type { ItemLog } from './item-log.ts'
import { noteFrom, type ItemEnd, type StepNote } from './notes.ts'

/** How the items of a `foreach` stand. Those that ended in this visit, or failed for good in this attempt, are not offered. */
export class Items {
  readonly #outputs: (Value | undefined)[]
  readonly #failed = new Map<number, ErrorInfo>()
  readonly #failures = new Map<number, number>()
  readonly #notes = new Map<number, StepNote[]>()
  readonly #attempt: number
  #next = 0

  constructor(notes: readonly StepNote[], count: number, attempt: number) {
    this.#outputs = Array.from({ length: count }, () => undefined)
    this.#attempt = attempt
    for (const note of notes) {
      if (note.kind === 'items') for (const item of note.items) this.#add(item)
      if (note.kind !== 'inside') continue
      const inner = noteFrom(note.note)
      if (inner !== null) this.#notesOf(note.index).push(inner)
    }
  }

  /** The next item to be done, or null. */
  next(): number | null {
    while (this.#next < this.#outputs.length) {
      const index = this.#next++
      if (this.#outputs[index] === undefined && !this.#failed.has(index)) return index
    }
    return null
  }

  /** Offers no more. */
  stop(): void {
    this.#next = this.#outputs.length
  }

  failuresOf(index: number): number {
    return this.#failures.get(index) ?? 0
  }

  async end(log: ItemLog, item: ItemEnd, usage: SpentUsage): Promise<void> {
    await log.add(item, usage)
    this.#add(item)
  }

  firstFailed(): { readonly index: number; readonly error: ErrorInfo; readonly othersCount: number } | null {
    if (this.#failed.size === 0) return null
    const index = Math.min(...this.#failed.keys())
    const error = this.#failed.get(index)
    return error === undefined ? null : { index, error, othersCount: this.#failed.size - 1 }
  }

  outputs(): readonly Value[] {
    return this.#outputs.map((output) => output ?? null)
  }

  /** Where the body of an item writes: among the step's notes, each with the item's index. */
  notebook(index: number, { journal, held }: Attempt): Notebook {
    return {
      index,
      notes: this.#notes.get(index) ?? [],
      append: ({ text, usage }) =>
        journal.append(held.claim, { text: `{"kind":"inside","index":${index},"note":${text}}`, usage }),
    }
  }

  #add(item: ItemEnd): void {
    if ('output' in item) {
      this.#outputs[item.index] = item.output
      this.#failed.delete(item.index)
    } else if (item.attempt === this.#attempt) {
      this.#failures.set(item.index, item.failures)
      if (item.isFinal) this.#failed.set(item.index, item.error)
    }
  }

  #notesOf(index: number): StepNote[] {
    const found = this.#notes.get(index) ?? []
    this.#notes.set(index, found)
    return found
  }
}
