import type { WorkerEntry } from '../worker/registry.ts'

/** By then every worker that lives has noticed: each looks twice a second. */
const JOIN_MS = 1_500
/** After this a worker is waited for only when it has said that it is at work: what only the spool of another holds runs again. */
const MERGE_MS_MAX = 10_000
/** A worker that merges thousands of runs notes itself late; who is silent for so long is gone. */
const SILENT_MS_MAX = 10_000

export const STAGES = ['merging', 'merged', 'done'] as const
export type Stage = (typeof STAGES)[number]

/** What a worker has left for the others, and when, by the store's clock. */
export interface StageNote {
  readonly stage: Stage
  readonly atMs: number
}

export interface Gathering {
  readonly nowMs: number
  /** When the loss was noticed. */
  readonly sinceMs: number
  /** By instance: also of workers that are just starting, and in no registry yet. */
  readonly notes: ReadonlyMap<string, StageNote>
  /** The registry as it is, which the loss may have emptied, and as it was before. */
  readonly workers: readonly WorkerEntry[]
  readonly before: readonly WorkerEntry[]
}

/** Whether every worker that may yet tell something is at one of the stages. */
export function areAllAt(stages: readonly Stage[], gathering: Gathering): boolean {
  const { nowMs, sinceMs, notes } = gathering
  if (nowMs - sinceMs < JOIN_MS) return false
  return waitedFor(gathering).every((instance) => stages.some((stage) => stage === notes.get(instance)?.stage))
}

function waitedFor({ nowMs, sinceMs, notes, workers, before }: Gathering): readonly string[] {
  const noted = [...notes].filter(([, { atMs }]) => nowMs - atMs < SILENT_MS_MAX).map(([instance]) => instance)
  if (nowMs - sinceMs > MERGE_MS_MAX) return noted
  const alive = workers.filter(({ beatAtMs }) => nowMs - beatAtMs < SILENT_MS_MAX)
  const isBack = ({ worker }: WorkerEntry): boolean => workers.some((one) => one.worker === worker)
  const gone = before.filter((entry) => sinceMs - entry.beatAtMs < SILENT_MS_MAX && !isBack(entry))
  return [...noted, ...[...alive, ...gone].map(({ instance }) => instance)]
}
