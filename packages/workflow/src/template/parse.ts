import type { Template } from './template.ts'
export function parseTemplate(text: string): Template {
  throw new Error(`being written: ${text}`)
}
