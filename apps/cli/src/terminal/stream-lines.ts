import { printableLines } from './printable.ts'

/** Characters of one line before it is broken: a model may never send an end of line. */
const LINE_CHARACTERS_MAX = 2_000

/** Puts the pieces that models stream into whole lines, each with the name of its step. */
export class StreamLines {
  readonly #rest = new Map<string, string>()

  /** Lines that are complete now. */
  add(stepId: string, text: string): readonly string[] {
    const lines = `${this.#rest.get(stepId) ?? ''}${text}`.split('\n')
    let rest = lines.pop() ?? ''
    if (rest.length > LINE_CHARACTERS_MAX) {
      lines.push(rest)
      rest = ''
    }
    this.#rest.set(stepId, rest)
    return lines.map((line) => named(stepId, line))
  }

  /** What is left when the step is over. */
  end(stepId: string): readonly string[] {
    const rest = this.#rest.get(stepId) ?? ''
    this.#rest.delete(stepId)
    return rest === '' ? [] : [named(stepId, rest)]
  }
}

function named(stepId: string, line: string): string {
  return `   ${printableLines(stepId)} │ ${printableLines(line)}`
}
