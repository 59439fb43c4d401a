import { BuilderError } from './errors.ts'
import { type OutputNames, templateField } from './place.ts'
import { type AnyRef, type Named, namedBy } from './ref.ts'
import { Field, Secret } from './secret.ts'

type Part = string | Named | Field

/** A text with references in it; made by {@link text}. */
export class Text {
  /** Literal texts and what stands between them. */
  readonly parts: readonly Part[]
  constructor(parts: readonly Part[]) {
    this.parts = parts
  }

  get named(): readonly Named[] {
    return this.parts.flatMap((part) => (typeof part === 'string' || part instanceof Field ? [] : [part]))
  }

  get hasSecrets(): boolean {
    return this.parts.some((part) => part instanceof Secret)
  }

  /** As a template of the format. */
  template(outputs: OutputNames): string {
    return this.parts.map((part) => written(part, outputs)).join('')
  }

  /** As a text of the format in which nothing but secrets is put in. */
  header(): string {
    return this.parts
      .map((part) => {
        if (typeof part === 'string') return part
        if (part instanceof Secret) return part.field
        throw new BuilderError('only secrets can stand in a header')
      })
      .join('')
  }
}

/** A prompt or argument with references in it: text`Answer kindly: ${w.input.ticket}`. */
export function text(literals: TemplateStringsArray, ...values: (AnyRef | Text | Field | string | number)[]): Text {
  const parts: Part[] = []
  for (const [index, literal] of literals.entries()) {
    parts.push(literal)
    const value = values[index]
    if (value === undefined) continue
    const named = namedBy(value)
    if (named !== null) parts.push(named)
    else if (value instanceof Text) parts.push(...value.parts)
    else if (value instanceof Field) parts.push(value)
    else if (typeof value === 'string' || typeof value === 'number') parts.push(String(value))
    else throw new BuilderError('only references, texts and numbers can stand in a text')
  }
  return new Text(parts)
}

/** A text or template of the format, for a field that the engine renders and may show. */
export function templateOf(part: Text | string, outputs: OutputNames): string {
  if (typeof part === 'string') return escaped(part)
  if (part.hasSecrets) {
    throw new BuilderError('a secret would be shown, or stored, here', {
      help: 'secrets can stand in arguments of tools and functions, and in headers of notifications',
    })
  }
  return part.template(outputs)
}

/** Braces of a literal text, doubled: the template says them again as they were. */
export function escaped(literal: string): string {
  return literal.replace(/[{}]/g, '$&$&')
}

function written(part: Part, outputs: OutputNames): string {
  if (typeof part === 'string') return escaped(part)
  return part instanceof Field ? part.field : templateField(part, outputs)
}
