import type { Findings } from '../diagnostics/findings.ts'
import type { Path } from '../diagnostics/path.ts'

/** What a pool's name may be: it is part of a BullMQ queue's name, of keys and of metrics. */
const QUEUE = /^[A-Za-z0-9_][A-Za-z0-9_-]{0,63}$/

/** The name of a pool as it was written, or null without one. */
export function queueAt(name: string | null | undefined, path: Path, findings: Findings): string | null {
  if (name === undefined || name === null) return null
  if (!isQueueName(name)) {
    findings.error('workflow/schema', path, 'this cannot be the name of a queue', {
      help: 'names are letters, digits, _ and -, 64 at most',
    })
  }
  return name
}

export function isQueueName(name: string): boolean {
  return QUEUE.test(name)
}
