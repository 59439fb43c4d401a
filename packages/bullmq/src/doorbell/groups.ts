import type { Bell } from '@agentloom/engine'
import { BELLS_MAX } from './step-job.ts'

/** Bells that one job rings: of one workflow and priority, never none. */
export type Group = readonly [Bell, ...Bell[]]

/** So many jobs there are at least where bells are put together, so that several workers have something to do. */
const JOBS_MIN = 4
/** Longer ids travel alone: a job's data has a limit. */
const ID_CHARACTERS_MAX = 200

/** Bells → jobs: few bells go one by one, many by up to {@link BELLS_MAX}, in the order in which they were rung. */
export function groupsOf(bells: readonly Bell[]): readonly Group[] {
  const size = Math.min(BELLS_MAX, Math.floor(bells.length / JOBS_MIN))
  if (size < 2) return bells.map((bell) => [bell])
  const groups: [Bell, ...Bell[]][] = []
  const open = new Map<string, [Bell, ...Bell[]]>()
  for (const bell of bells) {
    const kind = `${bell.priority} ${bell.definition}`
    const group = open.get(kind)
    if (group !== undefined && isShort(bell)) {
      group.push(bell)
      if (group.length === size) open.delete(kind)
      continue
    }
    const begun: [Bell, ...Bell[]] = [bell]
    groups.push(begun)
    if (isShort(bell)) open.set(kind, begun)
  }
  return groups
}

function isShort({ runId, stepId }: Bell): boolean {
  return runId.length + stepId.length <= ID_CHARACTERS_MAX
}
