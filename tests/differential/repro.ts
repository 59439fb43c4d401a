import type { Compared } from './compare.ts'
import type { StoreName } from './stores.ts'

/** What failed, and the line that makes it fail again. */
export function reproOf(store: StoreName, length: number, details: Compared): string {
  const { failed, seed, counterexamplePath, counterexample, errorInstance } = details
  if (!failed) return ''
  const path = counterexamplePath === null ? '' : ` --path ${counterexamplePath}`
  const commands = counterexample?.[1].map((command) => JSON.stringify(command)).join('\n  ') ?? ''
  const what = errorInstance instanceof Error ? errorInstance.message : String(errorInstance)
  return `${what}\nafter\n  ${commands}\n\npnpm differential --on ${store} --length ${length} --seed ${seed}${path}`
}
