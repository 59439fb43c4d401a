import { BuilderError } from './errors.ts'
import { type OutputNames, templateField } from './place.ts'
import { type AnyRef, type Named, namedBy } from './ref.ts'

/** A text with references in it; made by {@link text}. */
export class Text {
  /** Literal texts and what stands between them. */
  readonly parts: readonly (string | Named)[]
  constructor(parts: readonly (string | Named)[]) {
    this.parts = parts
  }

  /** As a template of the format. */
  template(outputs: OutputNames): string {
    return this.parts.map((part) => (typeof part === 'string' ? escaped(part) : templateField(part, outputs))).join('')
  }
}

/** A prompt or argument with references in it: text`Answer kindly: ${w.input.ticket}`. */
export function text(literals: TemplateStringsArray, ...values: (AnyRef | Text | string | number)[]): Text {
  const parts: (string | Named)[] = []
  for (const [index, literal] of literals.entries()) {
    parts.push(literal)
    const value = values[index]
    if (value === undefined) continue
    const named = namedBy(value)
    if (named !== null) parts.push(named)
    else if (value instanceof Text) parts.push(...value.parts)
    else if (typeof value === 'string' || typeof value === 'number') parts.push(String(value))
    else throw new BuilderError('only references, texts and numbers can stand in a text')
  }
  return new Text(parts)
}

/** Braces of a literal text, doubled: the template says them again as they were. */
export function escaped(literal: string): string {
  return literal.replace(/[{}]/g, '$&$&')
}
