import type { Follower, Journal } from '@agentloom/engine'
import type { WorkerEvent } from './events.ts'
import { hasEnded } from './process-mark.ts'
import type { Registry, WorkerEntry } from './registry.ts'
import { discharge } from './sweep.ts'

export interface TakeoverParts {
  readonly journal: Journal
  readonly follower: Follower
  readonly registry: Registry
  readonly emit: (event: WorkerEvent) => void
  /** This worker's own. */
  readonly instance: string
}

/** Steps of workers on this machine that have ended are taken back at once: most often this one's own, from before a restart. */
export async function takeBackEnded(parts: TakeoverParts): Promise<void> {
  const open = new Set(await parts.registry.untaken())
  for (const entry of await parts.registry.list())
    if (open.has(entry.instance) && entry.instance !== parts.instance && hasEnded(entry)) await take(parts, entry)
}

/** Steps of workers that have fallen silent. @see Presence.isSteady for when this may be asked */
export async function takeFromSilent(parts: TakeoverParts): Promise<void> {
  const silent = (await parts.registry.silent()).filter((instance) => instance !== parts.instance)
  if (silent.length === 0) return
  const entries = new Map((await parts.registry.list()).map((entry) => [entry.instance, entry]))
  for (const instance of silent) await take(parts, entries.get(instance) ?? { instance, worker: instance })
}

async function take(
  parts: TakeoverParts,
  { instance, worker }: Pick<WorkerEntry, 'instance' | 'worker'>,
): Promise<void> {
  const { journal, registry, emit } = parts
  const overdue = await journal.takeOver(instance)
  await Promise.all(overdue.map((obligation) => discharge(parts, obligation)))
  await registry.taken(instance)
  if (overdue.length > 0) emit({ kind: 'taken-over', worker, steps: overdue.length })
}
