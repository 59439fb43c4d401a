import type { Argument } from '../plan/plan.ts'
import type { Template, TemplatePart } from '../template/template.ts'

/** Upper bound of a secret's name; it is the name of an environment variable. */
const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/

/** `{secrets.NAME}` in a text that is otherwise no template: a header. */
export function parseSecretText(text: string): Argument {
  const parts = text.split(/\{secrets\.([A-Za-z_][A-Za-z0-9_]{0,127})\}/)
  if (parts.length === 1) return { kind: 'literal', value: text }
  const read = parts.map((part, index): Template | { readonly secret: string } =>
    index % 2 === 1 ? { secret: part } : { text: part, references: [], parts: [part] },
  )
  return { kind: 'secret', parts: read.filter((part) => !('text' in part) || part.text !== '') }
}

/** A template with `{secrets.NAME}` in it → an argument with the secrets apart; any other as it is. */
export function withSecrets(template: Template): Argument {
  if (!template.parts.some((part) => secretOf(part) !== null)) return { kind: 'template', template }
  const parts: (Template | { readonly secret: string })[] = []
  let plain: TemplatePart[] = []
  const close = (): void => {
    // References of the whole text are found once, in the first of its templates.
    const references = parts.some((part) => 'parts' in part) ? [] : stateReferences(template)
    if (plain.length > 0) parts.push({ text: template.text, references, parts: plain })
    plain = []
  }
  for (const part of template.parts) {
    const secret = secretOf(part)
    if (secret === null) plain.push(part)
    else {
      close()
      parts.push({ secret })
    }
  }
  close()
  return { kind: 'secret', parts }
}

function stateReferences({ references }: Template): Template['references'] {
  return references.filter(({ path }) => path?.[0] !== 'secrets')
}

function secretOf(part: TemplatePart): string | null {
  if (typeof part === 'string' || part.root !== 'secrets' || part.conversion !== null || part.spec !== '') return null
  const [access, ...more] = part.accesses
  return access?.kind === 'attribute' && more.length === 0 && NAME.test(access.name) ? access.name : null
}
