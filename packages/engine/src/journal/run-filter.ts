import type { RunFilter, RunHeader } from '../ports/journal.ts'

export function isWanted(filter: Omit<RunFilter, 'limit'>, header: RunHeader): boolean {
  const { statuses, workflow, sinceMs = 0, withChildren = false } = filter
  return (
    (statuses === undefined || statuses.includes(header.status)) &&
    (workflow === undefined || workflow === header.workflow) &&
    header.createdAtMs >= sinceMs &&
    (header.parent === null || withChildren)
  )
}
