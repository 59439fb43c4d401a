import {
  SpooledJournal,
  SpoolError,
  type SettleReply,
  type SettleStep,
  type Spool,
  type SpoolEntry,
  type SpooledRunKey,
} from '@agentloom/engine'
import type { MemorySpool } from '@agentloom/engine/testing'
import type { SimProcess } from './process.ts'
import type { World } from './world.ts'

const DISK_MS = 3

/** A host's disk under a worker: it takes its time, a crash loses what is not written yet, and it may be full. */
export class Disk implements Spool {
  readonly kept: MemorySpool
  readonly #world: World
  readonly #process: SimProcess
  #tail: Promise<void> = Promise.resolve()

  constructor(world: World, process: SimProcess, kept: MemorySpool) {
    this.#world = world
    this.#process = process
    this.kept = kept
  }

  put(entry: SpoolEntry): Promise<void> {
    const written = this.#tail.then(() => this.#write(entry))
    this.#tail = written.catch(() => undefined)
    return written
  }

  runs = (): ReturnType<Spool['runs']> => this.kept.runs()
  read = (runId: string): ReturnType<Spool['read']> => this.kept.read(runId)
  mark = (...args: Parameters<Spool['mark']>): ReturnType<Spool['mark']> => this.kept.mark(...args)
  drop = (runs: readonly SpooledRunKey[]): ReturnType<Spool['drop']> => this.kept.drop(runs)

  #write(entry: SpoolEntry): Promise<void> {
    const { dice, isCalm, counts, profile } = this.#world
    return new Promise((resolve, reject) => {
      const isFull = !isCalm && dice.chance(profile.diskFull)
      this.#process.after(dice.latencyMs(dice.chance(0.1) ? 300 : DISK_MS), () => {
        if (!isFull) {
          this.#world.log?.(`${this.#process.name} spools ${JSON.stringify(entry)}`)
          return resolve(this.kept.put(entry))
        }
        counts['disk-full'] += 1
        reject(new SpoolError('spool/full', 'the disk', 'no space left', 'make some'))
      })
    })
  }
}

/** Remembers which results were answered as committed: those must never be wanted again (I1), whatever the store loses. */
export class WitnessedJournal extends SpooledJournal {
  readonly #world: World

  constructor(world: World, ...rest: ConstructorParameters<typeof SpooledJournal>) {
    super(...rest)
    this.#world = world
  }

  override async settle(command: SettleStep): Promise<SettleReply> {
    const { runId, stepId } = command.claim
    const visit = this.#world.audit.runs.get(runId)?.step(stepId).visit
    const reply = await super.settle(command)
    const isKept = reply.outcome === 'settled' && command.settlement.kind === 'success' && this.failure === null
    // What a sub-workflow gives follows from its child run: taken again, it finds that and executes nothing.
    const start = this.#world.store.starts.get(runId)
    const step = start && this.#world.planBy(start.definition).byId.get(stepId)?.step
    if (isKept && step !== undefined && step.type !== 'subworkflow')
      this.#world.audit.committed.add(`${runId}:${stepId}:${visit}`)
    return reply
  }
}
