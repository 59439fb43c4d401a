import type { ValueMap } from '../value/value.ts'
import type { Template } from './template.ts'
export function renderTemplate(template: Template, state: ValueMap): string {
  throw new Error(`being written: ${template.text} ${typeof state}`)
}
